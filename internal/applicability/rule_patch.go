package applicability

import (
	"errors"
	"fmt"
	"io/fs"
)

// patch is a patch of Windows Installer as the update's metadata describe it: the published schema of patches
// (patch_applicability.xsd), as far as the registry can answer for it.
type patch struct {
	code    string   // packed
	targets []string // products that it is for, packed
}

// patch reads the update's metadata.
func (b *builder) patch(rule string) (p patch, err error) {
	root := b.metadata.child("MsiPatchMetadata")
	if root == nil {
		return p, fmt.Errorf("%s: the update's metadata have no patch", rule)
	}
	blob := root.find("MsiPatch")
	switch fallback := root.child("FallbackPatchCode"); {
	case blob != nil && blob.has("PatchGUID"):
		p.code, err = packed(blob.attr("PatchGUID"))
	case fallback != nil:
		p.code, err = packed(fallback.content())
	default:
		err = errors.New("the patch has no code")
	}
	if err == nil && blob != nil {
		err = p.target(blob)
	}
	if err == nil && len(p.targets) == 0 {
		err = errors.New("the patch is for no product")
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", rule, err)
	}
	return p, err
}

// target collects the products, which stand in TargetProduct elements and beside them.
func (p *patch) target(e *element) error {
	for _, sub := range e.below {
		if sub.name != "TargetProductCode" {
			if err := p.target(sub); err != nil {
				return err
			}
			continue
		}
		code, err := packed(sub.content())
		if err != nil {
			return err
		}
		p.targets = append(p.targets, code)
	}
	return nil
}

// The states of a patch that is registered with a product (msi.h, MSIPATCHSTATE).
const (
	patchApplied    = 1
	patchSuperseded = 2
	patchObsoleted  = 4
)

// states gives how the patch stands with the products that are installed; 0 for one that has it not.
func (p *patch) states(s *Scan) (all []uint64, err error) {
	for _, product := range p.targets {
		_, err := s.key(msiClasses+`Products\`+product, false)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		state, err := p.state(s, product)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		all = append(all, state)
	}
	return all, nil
}

func (p *patch) state(s *Scan, product string) (uint64, error) {
	k, err := s.key(msiUserData+`Products\`+product+`\Patches\`+p.code, false)
	if err != nil {
		return 0, err
	}
	v, err := k.Value("State")
	n, _ := v.Uint64()
	return n, err
}

// patchRule decides by how the patch stands with each installed product that it is for. Where Windows Installer would have to
// work out the order of several patches, the answer is Unknown.
func patchRule(decide func(states []uint64) Truth) func(*builder, *element) (func(*Scan) (Truth, error), error) {
	return func(b *builder, e *element) (func(*Scan) (Truth, error), error) {
		p, err := b.patch(e.name)
		if err != nil {
			return nil, err
		}
		return func(s *Scan) (Truth, error) {
			states, err := p.states(s)
			if err != nil {
				return Unknown, err
			}
			truth := decide(states)
			if truth == Unknown {
				err = fmt.Errorf("order of the patches of a product: %w", ErrUnknown)
			}
			return truth, err
		}, nil
	}
}

// patchInstalled: every product that it is for, and that is there, has it.
func patchInstalled(states []uint64) Truth {
	have := 0
	for _, s := range states {
		if s == patchApplied {
			have++
		}
	}
	return of(have > 0 && have == len(states))
}

// patchIsSuperseded: where it is registered, later ones have taken its place. A product without it may have such ones too.
func patchIsSuperseded(states []uint64) Truth {
	if len(states) == 0 {
		return False
	}
	for _, s := range states {
		switch s {
		case patchApplied:
			return False
		case patchSuperseded, patchObsoleted:
		default:
			return Unknown
		}
	}
	return True
}

// patchInstallable: surely not where no product is that it is for, or all have it or what came after it.
func patchInstallable(states []uint64) Truth {
	for _, s := range states {
		if s == 0 {
			return Unknown
		}
	}
	return False
}
