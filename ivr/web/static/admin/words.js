// Every section's words in one dictionary.
import audit from "./audit/words.js";
import common from "./common-words.js";
import dialplans from "./dialplans/words.js";
import notices from "./notices/words.js";
import prompts from "./prompts/words.js";

const parts = [common, dialplans, notices, prompts, audit];
export default {
  zh: Object.assign({}, ...parts.map((part) => part.zh)),
  en: Object.assign({}, ...parts.map((part) => part.en)),
};
