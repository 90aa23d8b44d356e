// Package bench compares redx's readers with other programs and libraries that read the same files. It is a module of
// its own, so that what it compares with never becomes a dependency of redx.
package bench
