# Python's http.server with a file to serve, in the foreground, with a folder of its own that goes when it does. It waits for
# ever for whatever a client owes it.
# sh python-http-server.sh HOST PORT
dir=$(mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT
echo hello >"$dir/index.html"
/usr/bin/python3 -m http.server --protocol HTTP/1.1 --bind "$1" --directory "$dir" "$2" & # 1.0 is its default: no keep-alive
trap 'kill $!' TERM
wait $!; wait $!
