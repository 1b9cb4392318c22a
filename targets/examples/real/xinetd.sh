# xinetd's own echo service on the port given, in the foreground.
dir=$(mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT
cat >"$dir/conf" <<EOF
service echo
{
	type = INTERNAL UNLISTED
	id = echo-stream
	socket_type = stream
	protocol = tcp
	port = $2
	bind = $1
	user = root
	wait = no
	cps = 10000 1
	instances = UNLIMITED
	per_source = UNLIMITED
}
EOF
xinetd -dontfork -f "$dir/conf" -pidfile "$dir/pid" >/dev/null &
trap 'kill $!' TERM
wait $!; wait $!
