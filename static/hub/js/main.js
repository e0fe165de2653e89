/** Starts the small modules. Each one listens on the document, so what htmx swaps in works without being set up again. */
import "./theme.js";
import "./menu.js";
import "./dialog.js";
import "./toast.js";
import "./copy.js";
import "./selection.js";
import "./keyboard.js";
import "./place.js";
import "./pasted.js";
import "./form.js";
import "./fill.js";
import "./countdown.js";
import "./sort.js";
import "./builder.js";
import "./conditions.js";
