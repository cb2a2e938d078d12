// Package clean removes private directories that nobody uses any more, and old
// files from those that somebody does.
//
// Its rules, beside those of packages owned and making:
//
//	(i) what a user has is removed with the user's own rights: by a thread that
//	    has their file-system ids, no other group and no capability, and never
//	    gets them back. Its process stays root's: nobody else can signal, stop,
//	    trace or limit it;
//	(j) a tree is walked by descriptor, across no mount and through no link. The
//	    way back up is ".." where it leads to the directory that was left, and
//	    nowhere else. Neither descriptors nor memory grow with the tree, but for
//	    24 bytes a level;
//	(k) a directory is in use while a process has its user among its four uids,
//	    or while a mount namespace that a process is in shows it in another
//	    place. What cannot be found out is "in use", or the whole run is refused;
//	(l) the name of a directory is given away in one step (rename), and only
//	    after a mark that no login accepts has been on it while (k) was looked at
//	    once more, by one run at a time. A login that comes meanwhile takes the mark off, and the
//	    directory stays;
//	(m) nobody is waited for: what changes or reads something of a user's in the
//	    kernel is done on a thread that is left behind if it does not go on. That
//	    user's directories are passed over in this run, and reported.
//
// A run that is killed leaves marks, and directories under names of [Removed]:
// the next login, or the next run, goes on from there. There are no files that
// count anything.
package clean
