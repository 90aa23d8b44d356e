package wua

import (
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// highPriority is dpHigh of DownloadPriority: somebody waits for it.
const highPriority = 3

// prove searches, downloads and, when asked to, installs. What ends it before that stands in the answer.
func (w *worker) prove() error {
	update, err := w.find()
	if err != nil || update.disp == nil {
		return err
	}
	defer update.release()
	w.restart()
	u := w.answer.Update
	if u.Installed || u.Licence {
		return nil
	}
	installer, err := w.session.ask("CreateUpdateInstaller", "IUpdateInstaller")
	if err != nil {
		return err
	}
	defer installer.release()
	if w.answer.Busy, err = installer.boolean("IsBusy"); err != nil || w.answer.Busy {
		return err
	}
	only, err := collect(update)
	if err != nil {
		return err
	}
	defer only.release()
	if err := w.download(update, only); err != nil {
		return err
	}
	if !w.req.Install || w.answer.Download.Outcome != protocol.Succeeded {
		return nil
	}
	return w.install(installer, only)
}

// state asks whether an installation runs, and whether the agent wants a restart.
func (w *worker) state() (err error) {
	w.restart()
	installer, err := w.session.ask("CreateUpdateInstaller", "IUpdateInstaller")
	if err != nil {
		return err
	}
	defer installer.release()
	w.answer.Busy, err = installer.boolean("IsBusy")
	return err
}

// collect makes a collection of one update.
func collect(update object) (object, error) {
	list, err := create(classCollection, "IUpdateCollection")
	if err != nil {
		return list, err
	}
	v, err := list.call("Add", update.disp)
	v.clear()
	if err != nil {
		list.release()
	}
	return list, err
}

func (w *worker) download(update, only object) error {
	if err := w.begin(protocol.Download); err != nil {
		return err
	}
	d, err := w.session.ask("CreateUpdateDownloader", "IUpdateDownloader")
	if err != nil {
		return err
	}
	defer d.release()
	w.warn(d.set("Priority", int32(highPriority)))
	if err := d.set("Updates", only.disp); err != nil {
		return err
	}
	all, err := d.ask("Download", "IDownloadResult")
	if err != nil {
		return err
	}
	defer all.release()
	if w.answer.Download, err = result(all, "IUpdateDownloadResult"); err != nil {
		return err
	}
	// Asked again: the object shows what became of it.
	if w.answer.Update.Downloaded, err = update.boolean("IsDownloaded"); err != nil {
		return err
	}
	w.warn(urls(update, w.answer.Update, maxBundles))
	return nil
}

func (w *worker) install(installer, only object) error {
	if err := w.begin(protocol.Install); err != nil {
		return err
	}
	// Nobody may be there to answer. Older agents have no ForceQuiet.
	w.warn(installer.set("ForceQuiet", true))
	w.warn(installer.set("AllowSourcePrompts", false))
	if err := installer.set("Updates", only.disp); err != nil {
		return err
	}
	all, err := installer.ask("Install", "IInstallationResult")
	if err != nil {
		return err
	}
	defer all.release()
	if w.answer.Install, err = result(all, "IUpdateInstallationResult"); err != nil {
		return err
	}
	w.answer.Install.Restart, err = all.boolean("RebootRequired")
	return err
}
