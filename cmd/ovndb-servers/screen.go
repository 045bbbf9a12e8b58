package main

import (
	"io"
	"os"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/printable"
)

// clearScreen removes all that a terminal shows, and what can be scrolled back to.
const clearScreen = "\x1b[H\x1b[2J\x1b[3J"

// screen is where a result goes. On a terminal it has colour, and can be repainted.
type screen struct {
	out io.Writer
	// terminal says that it is one, colour that it may have colour: https://no-color.org.
	terminal, colour bool
}

func newScreen(out io.Writer, getenv func(string) string) screen {
	terminal := isTerminal(out)
	return screen{out: out, terminal: terminal, colour: terminal && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"}
}

func isTerminal(out any) bool {
	file, isFile := out.(*os.File)
	if !isFile {
		return false
	}
	_, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
	return err == nil
}

// Write implements [io.Writer], for text that may hold what could act on a terminal.
func (s screen) Write(p []byte) (int, error) { return printable.Writer(s.out).Write(p) }

// paint writes text whose cells are printable already, and whose colours are the tool's.
func (s screen) paint(text string) error {
	_, err := io.WriteString(s.out, text)
	return err
}

// clear makes room for the next picture: on a terminal in the place of the last one.
func (s screen) clear() error {
	if s.terminal {
		return s.paint(clearScreen)
	}
	return nil
}

// style is a colour of a cell; empty for none.
type style string

// The styles.
const (
	styleNone  style = ""
	styleGood  style = "\x1b[32m"
	styleWarn  style = "\x1b[33m"
	styleBad   style = "\x1b[31m"
	styleBold  style = "\x1b[1m"
	styleReset       = "\x1b[0m"
)

func (s style) on(text string, colour bool) string {
	if !colour || s == styleNone {
		return text
	}
	return string(s) + text + styleReset
}
