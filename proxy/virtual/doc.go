// Package virtual is a network in memory, for a bubble of testing/synctest: connections have deadlines, half-closes and resets, and
// tell of them as Linux's TCP does, but nothing of it takes time. What is written at once is read at once, or in parts, but never
// together with what was written after it.
package virtual
