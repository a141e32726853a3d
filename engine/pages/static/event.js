/** The event page: its countdown. */

import { startCountdowns } from "./countdown.js";

startCountdowns();
