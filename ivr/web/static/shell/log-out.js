// The way out.
import { toast } from "./overlays.js";
import { logout } from "./session.js";
import { t } from "./words.js";

export const logOut = async () => (await logout()) || toast(t("shell.still_in"), "bad");
