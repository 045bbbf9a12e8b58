package ocf

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// parameterTests names the tests of the effect of each parameter. That each can be set and is refused
// with an unusable value is tested for all.
func parameterTests() map[string][]string {
	keys := []string{"TestFilesForTLSAreAllOrNoneWithTCPAndThoseOfTheShellAgentWithSSL", "TestStartReplacesAServerThatHasOtherFilesForTLSAndMonitorDoesNot", "TestTLSForBothDatabases"}
	directories := []string{"TestEveryParameterOfTheControllerReachesIt", "TestDirectoriesThatCannotBeTheServersAreRefusedByValidateAll"}
	ports := []string{"TestPromoteWithThePortTakenFailsAndSaysWhichPort", "TestPortTaken"}
	return map[string][]string{
		paramDatabases:  {"TestInterconnectDatabasesHavePortsOfTheirOwnAndNoNorthd", "TestInterconnectDatabasesThroughAFailover"},
		paramMasterIP:   {"TestAddressIsReadInAnyOfItsSpellings", "TestPromoteOpensTheListenersAndABackupFollows", "TestVirtualIPIsRequiredUnlessClientsMayComeToAnyAddress"},
		paramNBPort:     ports,
		paramSBPort:     ports,
		paramNBProtocol: {"TestBlankBackupFollowsQuestionsAndLeadsByTLSWithoutASnapshot", "TestTLSForBothDatabases"},
		paramSBProtocol: {"TestBlankBackupFollowsQuestionsAndLeadsByTLSWithoutASnapshot", "TestTLSForBothDatabases"},

		paramNBPrivateKey: keys, paramNBCertificate: keys, paramNBCACert: keys,
		paramSBPrivateKey: keys, paramSBCertificate: keys, paramSBCACert: keys,

		paramSBRole:               {"TestRolesOfTheAgentsOwnRowsHold"},
		paramClientProbe:          {"TestConnections", "TestEveryParameterOfTheControllerReachesIt"},
		paramReplicationProbe:     {"TestConnections", "TestEveryParameterOfTheControllerReachesIt"},
		paramListenOnMasterIPOnly: {"TestConnections", "TestPortTakenOnAnyAddressIsFoundBeforeAPromotion", "TestPromotedNodeOnAnyAddressIsReachedByIPv4AndIPv6"},
		paramManageNorthd:         {"TestPromoteWithManagedNorthdEndsWithItAtWork", "TestPromoteWithoutManagedNorthdStartsNone", "TestNorthdUsesTheDatabasesOfItsParametersFile", "TestManagedNorthd"},
		paramNorthdThreads:        {"TestNorthdHasTheThreadsOfTheParameterUnlessItsOptionsSayHowMany", "TestEveryParameterOfTheControllerReachesIt"},
		paramNodeAddress:          {"TestOwnAddressStaysOnTheNode", "TestNodeAddressEqualToTheVirtualIPIsRefused"},
		paramBusyPatience:         {"TestEveryParameterOfTheControllerReachesIt", "TestBusyServerStaysInPlace"},
		paramDiskPatience:         {"TestActiveWhoseDiskFailsIsReportedAtOnceAndLeftToAFreshNodeAfterItsPatience", "TestSupervisedActiveWhoseDiskIsFullIsDegradedAndThenLeftToTheFreshBackup"},
		paramLeadWhenBehind:       {"TestANodeThatWasBehindIsAskedToLeadAfterTheTimeThatTheOperatorGave"},
		paramBeatInterval:         {"TestBeatIsDueAfterItsIntervalUpToHalfATickEarly"},
		paramCopyDelay:            {"TestCopyIsPutOffUntilItsTurnOrForADelayForEachBackupAheadAndItself", "TestFirstBackupCopiesAfterTheDelayThoughNoClientIsLetIn"},
		paramRunDir:               directories,
		paramDatabaseDir:          directories,
		paramLogDir:               directories,
		paramSchemaDir:            {"TestEveryParameterOfTheControllerReachesIt", "TestMissingSchemaIsReportedWithAndWithoutDatabase"},
		paramStateDir:             {"TestEveryParameterOfTheControllerReachesIt", "TestStartRefusesAStateDirectoryThatOthersCanChange"},
		paramStateRunDir:          {"TestEveryParameterOfTheControllerReachesIt"},
		paramMetricsFile:          {"TestFileOfTheMetricsIsWrittenWhenTheyChangeAndElseEachMinute"},
		paramMetricsListen:        {"TestClientsGetMetricsAndWhetherTheNodeIsActive", "TestPortOfTheMetricsThatIsTakenIsANoticeAndServedOnceItIsFree"},
		paramAgentLogDir:          {"TestLogOfTheSupervisorIsAppendedToAndReopenedForEachLine", "TestNoLogIsWrittenInADirectoryOfAnotherAccount"},
		paramUser:                 {"TestAgentRunsTheServersAsTheAccount", "TestServersRunAsAnAccountOfTheirOwnThroughAFailover"},
		paramSnapshots:            {"TestTheNewestOfEachDatabaseStay", "TestEveryParameterOfTheControllerReachesIt"},
		paramOVNCtl:               {"TestDefinitionOfTheShellAgentWithAllItsDefaultsIsThatOfAVirtualIPAlone"},
	}
}

// testsOf returns the tests of a parameter; those of a second name are the same for all.
func testsOf(name string) []string {
	for _, other := range promotedNames() {
		if name == other {
			return []string{"TestParameterIsReadByItsNameInTheWordsOfOCF11AsByTheOther"}
		}
	}
	return parameterTests()[name]
}

const parametersIntroduction = `# Parameters

All parameters of ` + "`ocf:ovn:ovndb-servers`" + `, written from the agent's meta-data by
` + "`UPDATE=1 go test ./pkg/ocf -run ParametersDocument`" + `. Names and defaults are those of OVN's shell agent where it has the
parameter; names in the words of OCF 1.1 (` + "`promoted`" + `) are read beside those with ` + "`master`" + `. Where the default is empty,
the text below says what holds without a value. Numbers are whole. Yes and no may also be written true and false, on and off,
1 and 0. A wrong value is refused with the parameter's name; ` + "`validate-all`" + ` does so before the resource runs.

A change of *reloadable* parameters alone restarts nothing: Pacemaker calls ` + "`reload-agent`" + ` (` + "`reload`" + ` up to 2.0). A wrong value of
one that is running already leaves the value before it in force, and each monitor reports it (190, 191) until it is corrected;
` + "`start`" + ` refuses it. A change of any other parameter restarts the instances. Files for TLS are read again when they change, without
any action; other paths of them need a restart.

`

func TestParametersDocumentIsAsTheMetadata(t *testing.T) {
	t.Parallel()
	files := testFiles(t)
	var table, sections strings.Builder
	table.WriteString("| parameter | default | unit | reloadable |\n|---|---|---|---|\n")
	for _, d := range parameterDescriptions() {
		reloads := ""
		if isReloadable(d.Name) {
			reloads = "yes"
		}
		fmt.Fprintf(&table, "| [`%s`](#%s) | %s | %s | %s |\n", d.Name, d.Name, d.Content.Default, d.Unit, reloads)
		fmt.Fprintf(&sections, "\n## %s\n\n%s.\n%s\nTested by %s.\n",
			d.Name, d.ShortDesc.Text, d.LongDesc.Text, strings.Join(linkedTests(t, files, d.Name), ",\n"))
	}
	compareDocument(t, filepath.Join("..", "..", "docs", "parameters.md"), parametersIntroduction+table.String()+sections.String())
}

// linkedTests returns links to the tests of a parameter.
func linkedTests(t *testing.T, files map[string]string, parameter string) []string {
	t.Helper()
	tests := testsOf(parameter)
	if len(tests) == 0 {
		t.Errorf("no test is named for parameter %s", parameter)
	}
	links := make([]string, len(tests))
	for i, test := range tests {
		if files[test] == "" {
			t.Errorf("there is no test %s, which is named for parameter %s", test, parameter)
		}
		links[i] = fmt.Sprintf("[%s](../%s)", test, files[test])
	}
	return links
}

func compareDocument(t *testing.T, path, want string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s is not as the meta-data (%v): UPDATE=1 rewrites it", path, err)
	}
}

// testFiles returns the file of each test of the project, from its top.
func testFiles(t *testing.T) map[string]string {
	t.Helper()
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	found := map[string]string{}
	top := filepath.Join("..", "..")
	for _, directory := range []string{"cmd", "pkg", "integration"} {
		err := filepath.WalkDir(filepath.Join(top, directory), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			file, _ := filepath.Rel(top, path)
			for _, match := range function.FindAllStringSubmatch(string(text), -1) {
				found[match[1]] = file
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func TestNoTestIsNamedForAParameterThatIsNone(t *testing.T) {
	t.Parallel()
	for name := range parameterTests() {
		if !slices.ContainsFunc(parameterDescriptions(), func(d parameterDescription) bool { return d.Name == name }) {
			t.Errorf("tests are named for %s, which is no parameter", name)
		}
	}
}
