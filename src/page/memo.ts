// A part that is made anew only when one of its properties, or the context that it uses, changes.
import { Component, type ComponentChild, type FunctionComponent, h } from 'preact';

export function memo<P extends object>(part: (props: P) => ComponentChild): FunctionComponent<P> {
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      const [before, after] = [this.props as Record<string, unknown>, next as Record<string, unknown>];
      const names = new Set([...Object.keys(before), ...Object.keys(after)]);
      return [...names].some((name) => before[name] !== after[name]);
    }

    override render(props: P): ComponentChild {
      return h(part as FunctionComponent<P>, props);
    }
  }
  return (props) => h(Memo, props as never);
}
