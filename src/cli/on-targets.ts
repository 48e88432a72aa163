// The commands that look at every target, loaded together: a file of its own for each would split what they share with
// others into more files, and each further file of the bundle costs a start 0.2 ms.
export { check } from './check.ts';
export { once, plan } from './once.ts';
