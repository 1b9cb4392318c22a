// Package targets is what is tested: reference servers and clients in Go that keep every promise, commands in processes
// of their own, and addresses where something already listens; and the configuration file that names them.
package targets
