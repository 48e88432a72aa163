// The commands that need no configuration, loaded together: each further file of the bundle costs a start 0.2 ms.
export { generate } from './generate.ts';
export { inspect } from './inspect.ts';
