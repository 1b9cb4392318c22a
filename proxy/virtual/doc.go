// Package virtual is a network in memory, for a bubble of testing/synctest: connections have deadlines, half-closes and resets, and
// tell of them as Linux's TCP does. What is sent is there little more than a microsecond later, and no two things arrive in one instant,
// so that the same happens each time. What is written at once is read at once, or in parts, but never together with what was written
// after it.
package virtual
