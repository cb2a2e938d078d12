package compile

import (
	"time"

	"tmpshell/internal/config"
	"tmpshell/internal/policy"
	"tmpshell/internal/sys"
)

// Place is a configuration and where its policy is kept.
type Place struct {
	Config, Policy string
	Names          *Names
	Now            func() time.Time
}

// InForce is a policy that may be obeyed.
type InForce struct {
	File *policy.File
	Data []byte
	// Wrong is what is wrong with the configuration, whose last good policy
	// this is, or the built-in one where there never was one.
	Wrong error
	// Unknown are the names in it that nobody knows, and Failed
	// is why somebody could not be asked; both only of one just compiled.
	Unknown []*config.Error
	Failed  error
	// Made: it was compiled just now, or learnt something, and has to be
	// written.
	Made bool
	// BuiltIn: there never was a good configuration, and this is the built-in
	// one.
	BuiltIn bool
}

// SystemPlace is the machine's own.
func SystemPlace(conf string) *Place {
	return &Place{Config: conf, Policy: policy.Path, Names: System(), Now: time.Now}
}

// IsWrong tells whether the configuration is wrong, and this the last good policy.
func (in *InForce) IsWrong() bool { return in.File.Flags()&policy.FlagWrong != 0 }

// read returns the policy that is kept, fresh or not; nil: there is none that is
// whole.
func (p *Place) read() *InForce {
	in := &InForce{File: new(policy.File)}
	buf := make([]byte, policy.MaxSize+1)
	if t := in.File.Read(p.Policy, buf); !t.OK() {
		return nil
	}
	in.Data = buf[:in.File.Size()]
	return in
}

// Get returns the policy that is in force: the one that is kept, if it is fresh,
// else one that is compiled. An error says that the process was kept from
// finding out.
func (p *Place) Get() (*InForce, error) {
	kept := p.read()
	if kept != nil {
		if t := kept.File.Check(p.Policy); t.OK() {
			return kept, nil
		}
	}
	return p.compile(kept)
}

// Compile returns a policy that was compiled just now.
func (p *Place) Compile() (*InForce, error) { return p.compile(p.read()) }

func (p *Place) compile(kept *InForce) (*InForce, error) {
	o := Options{Names: p.Names, Now: p.Now}
	if kept != nil {
		o.Before = kept.File
	}
	conf, err := config.Load(p.Config)
	var r Result
	if err == nil {
		r, err = All(conf, o)
	}
	if err != nil && (!IsWrong(err) || len(conf.Sources) == 0) {
		return nil, err
	}
	in := &InForce{File: new(policy.File), Data: r.Policy, Unknown: r.Unknown, Failed: r.Failed, Wrong: err, Made: true}
	if err != nil {
		in.BuiltIn = kept == nil
		if in.Data, err = p.lastGood(conf, kept); err != nil {
			return nil, err
		}
	}
	return in, in.File.Use(in.Data, p.Policy).Err()
}

// lastGood is the policy of before, made to be fresh as long as the wrong
// configuration stays as it is. Where there was none, it is the built-in one.
func (p *Place) lastGood(wrong *config.Config, kept *InForce) ([]byte, error) {
	if kept == nil {
		data, err := Config(&config.Config{}, Options{Names: p.Names, Now: p.Now})
		if err != nil {
			return nil, err
		}
		kept = &InForce{File: new(policy.File), Data: data}
		if t := kept.File.Use(data, p.Policy); !t.OK() {
			return nil, t.Err()
		}
	}
	t := tailOf(kept.File)
	t.sources = sources(wrong.Sources)
	t.flags |= policy.FlagWrong
	t.made, t.expires = p.Now().Unix(), 0 // its names cannot be asked for again
	return seal(bodyOf(kept.Data), t), nil
}

// Learn adds what the name service says of a user, where the policy, or the
// choice of their shell, needs it. An error says that it could not be asked.
func (p *Place) Learn(in *InForce, w Who) error {
	said, err := p.Names.Resolve(in.File, w)
	if err != nil {
		return err
	}
	data, err := p.Names.Learn(in.File, in.Data, w, said.Unlearnt, p.Now().Unix())
	if data == nil {
		return err
	}
	f := new(policy.File)
	if t := f.Use(data, p.Policy); !t.OK() {
		return t.Err()
	}
	in.File, in.Data, in.Made = f, data, true
	return err
}

// Keep writes the policy.
func (p *Place) Keep(in *InForce) error {
	return sys.WithUmask(0o022, func() error { return Write(p.Policy, in.Data) })
}
