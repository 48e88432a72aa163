// The colours that a person prefers, set before anything is drawn: on the page and on the runbook.
import { applyScheme, preferredScheme } from './place.ts';

applyScheme(preferredScheme());
