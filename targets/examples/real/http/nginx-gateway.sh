# nginx before a server, in the foreground, with a folder of its own that goes when it does.
# sh nginx-gateway.sh HOST PORT WAIT ORIGIN: it waits so long for its client and for the server behind it, as 600ms or 60s.
dir=$(mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT
cat >"$dir/nginx.conf" <<END
daemon off;
master_process off;
pid $dir/pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path $dir; proxy_temp_path $dir; fastcgi_temp_path $dir; uwsgi_temp_path $dir; scgi_temp_path $dir;
	client_header_timeout $3; client_body_timeout $3; send_timeout $3; keepalive_timeout $3;
	server {
		listen $1:$2;
		location / {
			proxy_pass http://$4;
			proxy_http_version 1.1;
			proxy_connect_timeout $3; proxy_read_timeout $3; proxy_send_timeout $3;
		}
	}
}
END
nginx -e stderr -c "$dir/nginx.conf" &
trap 'kill $!' TERM
wait $!; wait $!
