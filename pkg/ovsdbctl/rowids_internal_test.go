package ovsdbctl

import (
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// answerOf reads what a server sends in answer to a request for UUIDs.
func answerOf(t *testing.T, text string) ([][]uuid.UUID, error) {
	t.Helper()
	here, there := net.Pipe()
	go func() {
		_, _ = there.Write([]byte(text))
		_ = there.Close()
	}()
	defer func() { _ = here.Close() }()
	return idReader{decoder: newMessages(here, func() int64 { return maxToken }).decoder}.answer()
}

func TestUUIDsAreReadFromAnyAnswerThatHasThem(t *testing.T) {
	t.Parallel()
	const one, two = "6c7a4b9c-7b9a-4a58-9f06-1d1f5b9a0d4e", "0a55a3d1-6d87-4d9f-a1b2-21a6a0a1a6b3"
	rows := strings.Repeat(`{"_uuid":["uuid","`+one+`"]},`, 5000)
	for _, text := range []string{
		`{"id":1,"result":[{"rows":[` + rows + `{"_uuid":["uuid","` + two + `"]}]},{"rows":[]}],"error":null}`,
		`{"id":"echo","method":"echo","params":[]}{"error":null,"result":[{"rows":[` + rows + `{"_version":1,"_uuid":["uuid","` + two + `"]}],"x":{}},{}],"id":1}`,
	} {
		got, err := answerOf(t, text)
		if err != nil || len(got) != 2 || len(got[0]) != 5001 || got[0][0].String() != one || got[0][5000].String() != two || len(got[1]) != 0 {
			t.Errorf("%.80s: %d results, %v", text, len(got), err)
		}
	}
}

func TestAnswersWithoutUUIDsAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `[]`, `{"result":{}}`, `{"result":[[]]}`, `{"result":[{"rows":{}}]}`, `{"result":[{"rows":[{}]}]}`, `{"result":[{"rows":[{"_uuid":["uuid"`,
		`{"result":[{"rows":[{"_uuid":["uuid","x"]}]}]}`, `{"result":[{"rows":[{"_uuid":"x"}]}]}`, `{"result":null,"error":"unknown database"}`,
		`{"result":[{"rows":[{"_uuid":["uuid","` + strings.Repeat("x", 2*maxToken) + `"]}]}]}`,
	} {
		if got, err := answerOf(t, text); err == nil {
			t.Errorf("%.80s is read as %v", text, got)
		}
	}
	_, err := answerOf(t, `{"id":1,"error":null,"result":[{"details":"No table named Nope.","error":"syntax error"}]}`)
	if refused, ok := errors.AsType[*TransactionError](err); !ok || refused.Code != "syntax error" {
		t.Errorf("error is %v", err)
	}
}

func TestTheVersionOfARowIsBlankedAndNothingElse(t *testing.T) {
	t.Parallel()
	const version = "0a55a3d1-6d87-4d9f-a1b2-21a6a0a1a6b3"
	row, err := json.Marshal(map[string]any{"name": `"_version":["uuid","` + version + `"]`, "_version": []string{"uuid", version}})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(string(row), `{"_version":["uuid","`+version, `{"_version":["uuid","`+strings.Repeat("0", 36), 1)
	if got := string(withoutVersion(row)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, short := range []string{`{}`, `{"_version":["uuid","`, `{"_version":["uuid","0a55"]}`} {
		if got := string(withoutVersion([]byte(short))); got != short {
			t.Errorf("%s becomes %s", short, got)
		}
	}
}
