package process

import (
	"os"
	"strconv"
	"testing"
)

func FuzzParseStat(f *testing.F) {
	own, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(own))
	f.Add("13896 (ovsdb-server) S 1 13896 13896 0 -1 4194368 1 0 0 0 12 34 0 0 20 0 1 0 100 0 0\n")
	f.Add("7 (a) b) (c) D 3 7 7 0 -1 0 0 0 0 0 1 2 0\n")
	f.Add("7 () Z 0 0 0 0 -1 0 0 0 0 0 0 0 0 0\n")
	f.Add("7 (x")
	f.Fuzz(func(t *testing.T, content string) {
		stat, err := parseStat(content)
		if err != nil {
			if stat != (procStat{}) {
				t.Errorf("got %+v with %v", stat, err)
			}
			return
		}
		if stat.pid <= 0 || len(stat.state) != 1 {
			t.Errorf("got %+v", stat)
		}
	})
}

func TestParseStatOfNameWithParenthesesAndSpaces(t *testing.T) {
	t.Parallel()
	got, err := parseStat("7 (a) S 1 (b)) D 3 7 7 0 -1 4194372 0 0 0 0 100 20 0 0\n")
	want := procStat{pid: 7, comm: "a) S 1 (b)", state: "D", parent: 3, flags: 4194372, ticks: 120}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func FuzzParsePID(f *testing.F) {
	for _, seed := range []string{"13897\n", "", "0\n", "-5\n", "1 2\n", "0x10", "2147483648\n", "+3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		pid, err := parsePID(content)
		if (err == nil) != (pid > 0) {
			t.Errorf("got %d, %v", pid, err)
		}
		if err != nil {
			return
		}
		if again, err := parsePID(strconv.Itoa(pid)); err != nil || again != pid {
			t.Errorf("got %d, then %d, %v", pid, again, err)
		}
	})
}
