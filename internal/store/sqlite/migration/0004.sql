-- When redx's own agents install an approved update, as package maintenance writes it; empty: whenever their settings let them.
ALTER TABLE approvals ADD COLUMN maintenance TEXT NOT NULL DEFAULT '';
