// Package bandwidth tests what happens when bytes move slowly or not at all: a slow link is no failure, a peer that does not
// read is no reason to lose bytes, and nobody keeps without bound what the other side does not take.
package bandwidth
