package orders

import "testing"

func TestParse(t *testing.T) {
	for list, want := range map[string]bool{
		"": true, "group": true, "grace=0": true, "grace=3600,group,remap=0,remap=255": true, "group,group": true,
		",": false, "group,": false, ",group": false, "group=": false, "group=1": false, "grace": false, "grace=": false, "grace=-1": false,
		"grace=3601": false, "remap=256": false, "remap=x": false, "remap": false, "Group": false, "grace =1": false, "x": false,
	} {
		var o Orders
		if got := o.Parse(list); got != want {
			t.Errorf("Parse(%q) = %v; want %v", list, got, want)
		}
	}
}

func TestOrders(t *testing.T) {
	var o Orders
	if !o.Parse("remap=143,grace=7,remap=64") || o.Group || o.Grace != 7000 {
		t.Errorf("%+v", o)
	}
	for code := range 256 {
		if got, want := o.Remapped(code), code == 143 || code == 64; got != want {
			t.Errorf("Remapped(%d) = %v", code, got)
		}
	}
	if !o.Parse("") || o.Grace != usualGrace || o.Remapped(143) {
		t.Errorf("what was parsed before is still there: %+v", o)
	}
}
