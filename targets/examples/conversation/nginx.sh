# nginx on the address given, in the foreground, with a folder of its own that goes when it does.
dir=$(mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT
cat >"$dir/nginx.conf" <<EOF
daemon off;
master_process off;
pid $dir/pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path $dir; proxy_temp_path $dir; fastcgi_temp_path $dir; uwsgi_temp_path $dir; scgi_temp_path $dir;
	server { listen $1; location / { return 200 "hello\n"; } }
}
EOF
nginx -e stderr -c "$dir/nginx.conf" &
trap 'kill $!' TERM
wait $!; wait $!
