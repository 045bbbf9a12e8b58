package cluster

import "testing"

func TestFirstMirrorThatAnImageCanReach(t *testing.T) {
	t.Parallel()
	for uris, want := range map[string]string{
		"": "",
		"http://mirror.example/debian/\nhttp://mirror.example/debian/":             "http://mirror.example/debian/",
		"file:/srv/debian/\ncdrom://[Debian]/\nhttps://mirror.example/d/":          "https://mirror.example/d/",
		"mirror+file:/etc/apt/mirrors.txt\ntor+http://mirror.example.onion/debian": "",
	} {
		if got := firstMirror(uris); got != want {
			t.Errorf("%q: %q, want %q", uris, got, want)
		}
	}
}
