package win

// Wine reports that this is no Windows but Wine, whose files belong to users of the system below it and have no access
// list of their own. No program on Windows can make it look so: the function asked for is in the kernel's own library.
func Wine() bool { return system("ntdll.dll", "wine_get_version").Find() == nil }
