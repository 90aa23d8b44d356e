package wua

import "github.com/redx-update/redx/internal/wuaclient/protocol"

// offers lists what is offered, not optional and not installed, each with whether it is downloaded.
func (w *worker) offers() error {
	if err := w.begin(protocol.Search); err != nil {
		return err
	}
	searcher, err := w.searcher()
	if err != nil {
		return err
	}
	defer searcher.release()
	list, err := w.found(searcher, unattended)
	if err != nil {
		return err
	}
	defer list.release()
	w.answer.Offered, err = list.each(maxUpdates, "IUpdate", func(_ int, item object) error {
		u, err := w.offer(item)
		if err != nil {
			w.warn(err) // one that cannot be described must not hide the others
			return nil
		}
		w.answer.Updates = append(w.answer.Updates, *u)
		return nil
	})
	w.restart()
	return err
}

func (w *worker) offer(item object) (*protocol.Update, error) {
	u, err := describe(item)
	if err != nil {
		return nil, err
	}
	if u.Downloaded, err = item.boolean("IsDownloaded"); err != nil {
		return nil, err
	}
	// Both are for planning: an update without them is offered all the same.
	if behaviour, err := item.part("InstallationBehavior", "IInstallationBehavior"); err != nil {
		w.warn(err)
	} else {
		defer behaviour.release()
		n, err := behaviour.number("RebootBehavior")
		u.MayRestart = n != neverReboots
		w.warn(err)
	}
	u.Bytes, err = item.size("MaxDownloadSize")
	w.warn(err)
	return u, nil
}

// neverReboots is irbNeverReboots of InstallationRebootBehavior.
const neverReboots = 0
