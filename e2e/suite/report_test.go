package main

import (
	"strings"
	"testing"
)

const events = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    view.go:1: processor time: 1.50 s\n"}
{"Action":"output","Package":"p","Test":"TestA/sub","Output":"    view.go:1: processor time: 0.50 s\n"}
{"Action":"pass","Package":"p","Test":"TestA/sub","Elapsed":9}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":2}
{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"p","Test":"TestB/sub","Output":"    b_test.go:1: it is wrong\n"}
{"Action":"fail","Package":"p","Test":"TestB/sub","Elapsed":1}
{"Action":"fail","Package":"p","Test":"TestB","Elapsed":3}
{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:1: missing: xterm\n"}
{"Action":"output","Package":"p","Test":"TestC","Output":"--- SKIP: TestC (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestC"}
{"Action":"output","Package":"p","Test":"TestD","Output":"panic: out of order\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\n"}
{"Action":"fail","Package":"p","Elapsed":5}
{"Action":"build-output","ImportPath":"q","Output":"q.go:1: no such thing\n"}
{"Action":"build-fail","ImportPath":"q"}
not json
`

func TestReport(t *testing.T) {
	var out strings.Builder
	r := newReport(&out, false)
	if err := r.read(strings.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	if r.end() {
		t.Error("all is well")
	}
	for _, want := range []string{
		"p:\n=== RUN   TestB\n    b_test.go:1: it is wrong\n", "panic: out of order\n", "q.go:1: no such thing\n", "not json\n",
		"fail p 5.0 s\n", "skipped: p TestC: c_test.go:1: missing: xterm\n",
		"     3.0        -  p TestB\n     2.0      2.0  p TestA\n", "2 tests, 2 failed, 1 skipped\n", "FAILED: p TestB\nFAILED: p\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "processor time: ") {
		t.Errorf("what a test says that has passed is printed:\n%s", out.String())
	}
}

// Where everything must run, a skipped test has failed, also one below another; not
// one that is another one's victim.
func TestReportMustRun(t *testing.T) {
	const events = `{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:1: run by TestA\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
`
	const skips = `{"Action":"output","Package":"p","Test":"TestC/sub","Output":"    c_test.go:1: no fuse\n"}
{"Action":"skip","Package":"p","Test":"TestC/sub"}
{"Action":"pass","Package":"p","Test":"TestC"}
`
	for text, well := range map[string]bool{events: true, events + skips: false} {
		for _, mustRun := range []bool{false, true} {
			var out strings.Builder
			r := newReport(&out, mustRun)
			if err := r.read(strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
			failed := "FAILED: p TestC/sub: skipped: c_test.go:1: no fuse\n"
			if got := r.end(); got != (well || !mustRun) || strings.Contains(out.String(), failed) == got {
				t.Errorf("must run %v: %v\n%s", mustRun, got, out.String())
			}
		}
	}
}

func TestReportWithoutTests(t *testing.T) {
	var out strings.Builder
	if newReport(&out, false).end() || !strings.Contains(out.String(), "0 tests, 0 failed, 0 skipped\nFAILED: no test was run\n") {
		t.Error(out.String())
	}
}
