// Package wintest has the tests that need a Windows which can be broken, repaired, killed and started again: Wine, as
// tools/wine/run.sh sets it up. It has nothing but tests.
//
// Its test program for Windows is also the services that the tests stop, and shows and sets what a test cannot reach
// from outside (TestMain). The tests that start Windows again run outside of it, on Linux, and talk to that program and
// to the real redx.exe.
//
// What Wine shows is that redx gets on with a service control manager, with renames, identities and a registry, and
// with being killed and started by a boot. It is kinder than Windows: a folder can be renamed although files below it
// are open, so here the folder itself is held.
package wintest
