package prometheus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// queryTimeout bounds one question to a server, maxAnswer what is read of its answer, in bytes.
const (
	queryTimeout = 10 * time.Second
	maxAnswer    = 32 << 20
)

// Point is a value at a time.
type Point struct {
	At    time.Time
	Value float64
}

// Series are the points of one set of labels.
type Series struct {
	Labels map[string]string
	Points []Point
}

// Query evaluates an expression at a time. One that ends with a range, as "up[1m]", has the samples
// as they were scraped.
func (s *Server) Query(ctx context.Context, expression string, at time.Time) ([]Series, error) {
	return s.evaluate(ctx, "/api/v1/query", url.Values{"query": {expression}, "time": {stamp(at)}})
}

// QueryRange evaluates an expression at each step between two times.
func (s *Server) QueryRange(ctx context.Context, expression string, from, to time.Time, step time.Duration) ([]Series, error) {
	return s.evaluate(ctx, "/api/v1/query_range", url.Values{
		"query": {expression}, "start": {stamp(from)}, "end": {stamp(to)}, "step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)},
	})
}

// LabelValues returns the values that a label has in the series of a selector.
func (s *Server) LabelValues(ctx context.Context, label, selector string) ([]string, error) {
	var values []string
	err := s.ask(ctx, "/api/v1/label/"+label+"/values", url.Values{"match[]": {selector}}, &values)
	return values, err
}

// stamp writes a time as Prometheus reads it.
func stamp(at time.Time) string {
	return strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64)
}

func (s *Server) evaluate(ctx context.Context, path string, values url.Values) ([]Series, error) {
	var data struct {
		ResultType string          `json:"resultType"`
		Result     json.RawMessage `json:"result"`
	}
	if err := s.ask(ctx, path, values, &data); err != nil {
		return nil, err
	}
	var found []struct {
		Metric map[string]string `json:"metric"`
		Value  sample            `json:"value"`
		Values []sample          `json:"values"`
	}
	if err := json.Unmarshal(data.Result, &found); err != nil {
		return nil, fmt.Errorf("cannot read the %s of %s: %w", data.ResultType, values.Get("query"), err)
	}
	var all []Series
	for _, one := range found {
		series := Series{Labels: one.Metric}
		if data.ResultType == "vector" {
			one.Values = []sample{one.Value}
		}
		for _, value := range one.Values {
			series.Points = append(series.Points, Point(value))
		}
		all = append(all, series)
	}
	return all, nil
}

// sample is a point as Prometheus writes it: [1700000000.123, "1.5"].
type sample Point

// UnmarshalJSON implements [json.Unmarshaler].
func (s *sample) UnmarshalJSON(text []byte) error {
	var (
		seconds float64
		value   string
	)
	if err := json.Unmarshal(text, &[]any{&seconds, &value}); err != nil {
		return err
	}
	number, err := strconv.ParseFloat(value, 64)
	s.At, s.Value = time.UnixMilli(int64(seconds*1000+0.5)), number
	return err
}

// ask gets an answer of the API.
func (s *Server) ask(ctx context.Context, path string, values url.Values, data any) error {
	text, err := s.get(ctx, path, values)
	var answer struct {
		Status, Error string
		Data          json.RawMessage
	}
	if parsed := json.Unmarshal(text, &answer); parsed == nil && answer.Error != "" {
		err = errors.New(answer.Error)
	}
	if err == nil {
		err = json.Unmarshal(answer.Data, data)
	}
	if err != nil {
		return fmt.Errorf("%s?%s: %w", path, values.Encode(), err)
	}
	return nil
}

// get returns the body of an answer, also of one with an error.
func (s *Server) get(ctx context.Context, path string, values url.Values) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+path+"?"+values.Encode(), http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return body, err
}
