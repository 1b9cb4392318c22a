# haproxy before a server, in the foreground, with a folder of its own that goes when it does. Unless it is told where, the server is haproxy,
# too: a frontend on a socket in that folder, with one page.
# sh haproxy.sh HOST PORT [WAIT [ORIGIN]]: it waits so long for a header, for what is missing of a body, for the next request and for the
# server behind it.
idle=${3:-60s}
dir=$(mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT
cat >"$dir/haproxy.cfg" <<EOF
defaults
	mode http
	timeout connect $idle
	timeout client $idle
	timeout server $idle
	timeout http-request $idle
	timeout http-keep-alive $idle
frontend front
	bind $1:$2
	default_backend back
backend back
	server page ${4:-unix@$dir/page}
frontend page
	bind unix@$dir/page
	http-request return status 200 content-type text/plain string "hello\n"
EOF
haproxy -db -q -f "$dir/haproxy.cfg" &
trap 'kill $!' TERM
wait $!; wait $!
