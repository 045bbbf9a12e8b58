package control

import "time"

// The defaults of parameters that a [Controller] or its supervisor may have without one: a command of
// the tool reads no parameters.
const (
	DefaultSnapshots    = 10
	DefaultBusyPatience = 2 * time.Minute
	DefaultDiskPatience = 30 * time.Second
)
