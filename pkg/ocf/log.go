package ocf

import (
	"fmt"
	"io"
	"log/syslog"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/sirupsen/logrus"
	syslogrus "github.com/sirupsen/logrus/hooks/syslog"

	"ovndb-servers/pkg/printable"
)

// NewLogger returns a logger that writes to stderr, which Pacemaker logs, and to
// syslog where there is one. Lines have the form of the other agents' logs, which crmsh reads:
// "WARNING: text key=value".
func NewLogger(stderr io.Writer, getenv func(string) string) *logrus.Logger {
	log := logrus.New()
	log.SetOutput(stderr)
	log.SetFormatter(lineFormatter{})
	if debugging(getenv) {
		log.SetLevel(logrus.DebugLevel)
	}
	instance := getenv(InstanceVariable)
	if instance == "" {
		instance = DefaultInstance
	}
	log.AddHook(&syslogHook{connect: sync.OnceValues(func() (*syslogrus.SyslogHook, error) {
		return syslogrus.NewSyslogHook("", "", syslog.LOG_INFO|syslog.LOG_DAEMON, AgentName+"("+instance+")")
	})})
	return log
}

// syslogHook passes lines on to syslog. It connects for the first line, because most monitors log
// none.
type syslogHook struct {
	connect func() (*syslogrus.SyslogHook, error)
}

// Levels implements logrus.Hook.
func (*syslogHook) Levels() []logrus.Level { return logrus.AllLevels }

// Fire implements logrus.Hook. A node without a syslog daemon still has Pacemaker's log.
func (h *syslogHook) Fire(e *logrus.Entry) error {
	hook, err := h.connect()
	if err != nil {
		return nil //nolint:nilerr // the line is on stderr as well
	}
	return hook.Fire(e)
}

// debugging reads the switch of Pacemaker's daemons, as ocf_log does.
func debugging(getenv func(string) string) bool {
	return slices.Contains([]string{"1", "yes", "true", "on"}, strings.ToLower(getenv("HA_debug")))
}

// lineFormatter writes "LEVEL: message key=value ...", keys in order, on one printable line.
type lineFormatter struct{}

// Format implements logrus.Formatter.
func (lineFormatter) Format(e *logrus.Entry) ([]byte, error) {
	var b strings.Builder
	b.WriteString(levelName(e.Level) + ": " + printable.Text(e.Message))
	for _, key := range slices.Sorted(maps.Keys(e.Data)) {
		value := fmt.Sprint(e.Data[key])
		if strings.ContainsFunc(value, func(r rune) bool { return r == ' ' || r == '"' || printable.Unprintable(r) }) {
			value = fmt.Sprintf("%q", value)
		}
		b.WriteString(" " + key + "=" + value)
	}
	b.WriteByte('\n')
	return []byte(b.String()), nil
}

func levelName(l logrus.Level) string {
	switch l {
	case logrus.PanicLevel, logrus.FatalLevel, logrus.ErrorLevel:
		return "ERROR"
	case logrus.WarnLevel:
		return "WARNING"
	case logrus.InfoLevel:
		return "INFO"
	case logrus.DebugLevel, logrus.TraceLevel:
		return "DEBUG"
	default:
		return "INFO"
	}
}
