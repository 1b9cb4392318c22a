# openssl s_server -WWW, in the foreground, with a folder of its own that goes when it does. It speaks TLS to one client at a time; it
# has a page at /index.html but cannot have one at /, and closes after each reply.
# sh openssl-s-server.sh HOST PORT CERT KEY: the last two are PEM files.
dir=$(mktemp -d) && cd "$dir" || exit
trap 'rm -rf "$dir"' EXIT
echo hello >index.html
openssl s_server -accept "$1:$2" -cert "$3" -key "$4" -WWW -quiet &
trap 'kill $!' TERM
wait $!; wait $!
