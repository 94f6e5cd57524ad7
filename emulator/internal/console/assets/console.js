// What every page has; each module looks for its own elements and leaves a page without them alone.
import "./forms.js";
import "./zone.js";
import "./clock.js";
import "./copy.js";
import "./calls.js";
import "./keys.js";
import "./saved.js";
import "./refresh.js";
import "./live.js";
import "./editor.js";
import "./complete.js";
