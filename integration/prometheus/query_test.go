package prometheus

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// answering is a server that answers each question so.
func answering(t *testing.T, status int, text string) (server *Server, asked *http.Request) {
	t.Helper()
	asked = new(http.Request)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = *r
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, text)
	}))
	t.Cleanup(backend.Close)
	return &Server{address: strings.TrimPrefix(backend.URL, "http://")}, asked
}

func TestAnswersOfBothKindsAreRead(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_700_000_000_250)
	for kind, values := range map[string]string{
		"vector": `"value":[1700000000.25,"1.5"]`,
		"matrix": `"values":[[1700000000.25,"1.5"]]`,
	} {
		s, asked := answering(t, http.StatusOK, `{"status":"success","data":{"resultType":"`+kind+`","result":[{"metric":{"instance":"n1"},`+values+`}]}}`)
		got, err := s.Query(t.Context(), "up", at)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0].Labels["instance"] != "n1" || len(got[0].Points) != 1 || got[0].Points[0] != (Point{at, 1.5}) {
			t.Errorf("%s: %v", kind, got)
		}
		if got := asked.URL.Query().Get("time"); got != "1700000000.250" {
			t.Errorf("it was asked at %s", got)
		}
	}
}

func TestErrorOfAnAnswerIsReturned(t *testing.T) {
	t.Parallel()
	s, _ := answering(t, http.StatusBadRequest, `{"status":"error","errorType":"bad_data","error":"parse error: unexpected end"}`)
	if _, err := s.QueryRange(t.Context(), "sum(", time.Now(), time.Now(), time.Second); err == nil || !strings.Contains(err.Error(), "unexpected end") {
		t.Errorf("the error is %v", err)
	}
}

func TestConfigurationHasTheNameOfEachTarget(t *testing.T) {
	t.Parallel()
	got := string(Config{Interval: time.Second, Rules: []string{"/a.yaml"}, Targets: map[string]string{"node1": "192.0.2.1:9476"}}.text())
	for _, want := range []string{`"scrape_interval":"1s"`, `"scrape_timeout":"1s"`, `"rule_files":["/a.yaml"]`, `{"targets":["192.0.2.1:9476"],"labels":{"instance":"node1"}}`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s has no %s", got, want)
		}
	}
}
