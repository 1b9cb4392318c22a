# nginx with a file to serve, in the foreground, with a folder of its own that goes when it does.
# sh nginx.sh HOST PORT [IDLE [CERT KEY]]: it waits so long for a header, a part of a body and the next request; as 600ms or 60s. With
# a certificate and its key, as PEM files, it speaks TLS.
idle=${3:-60s}
dir=$(mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT
echo hello >"$dir/index.html"
listen="listen $1:$2;"
[ -z "$4" ] || listen="listen $1:$2 ssl; ssl_certificate $4; ssl_certificate_key $5;"
cat >"$dir/nginx.conf" <<END
daemon off;
master_process off;
pid $dir/pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path $dir; proxy_temp_path $dir; fastcgi_temp_path $dir; uwsgi_temp_path $dir; scgi_temp_path $dir;
	client_header_timeout $idle; client_body_timeout $idle; send_timeout $idle; keepalive_timeout $idle;
	server { $listen root $dir; }
}
END
nginx -e stderr -c "$dir/nginx.conf" &
trap 'kill $!' TERM
wait $!; wait $!
