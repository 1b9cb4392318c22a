# openssl s_server -WWW, in the foreground, with a folder of its own that goes when it does. It speaks TLS, with a certificate that
# it signs itself, to one client at a time; it has a page at /index.html but cannot have one at /, and closes after each reply.
# sh openssl-s-server.sh HOST PORT
dir=$(mktemp -d) && cd "$dir" || exit
trap 'rm -rf "$dir"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
	-addext "subjectAltName=DNS:localhost,IP:$1" -keyout key.pem -out cert.pem 2>/dev/null || exit
echo hello >index.html
openssl s_server -accept "$1:$2" -key key.pem -cert cert.pem -WWW -quiet &
trap 'kill $!' TERM
wait $!; wait $!
