package control

import (
	"os"
	"time"
)

// busySince remembers, by the age of a file, since when a server has been too
// busy to answer: actions are processes of their own and share no memory.
type busySince struct {
	path string
}

// elapsed returns how long the server has been busy; the first call starts it.
func (p busySince) elapsed() time.Duration {
	info, err := os.Lstat(p.path)
	if err == nil {
		return time.Since(info.ModTime())
	}
	// If the file cannot be written, patience never ends; the monitor reports
	// the server as busy all the while.
	_ = replaceFile(p.path, nil)
	return 0
}

// clear forgets that the server was busy.
func (p busySince) clear() {
	_ = os.Remove(p.path) // usually there is none
}
