// A process that can be killed at every boundary as kill -9 would: from that moment on nothing that it does has an
// effect or comes back. A boundary is crossed where a call of one of its parts begins and where it ends.

const NEVER = new Promise<never>(() => undefined);

export class Mortal {
  private readonly death = Promise.withResolvers<void>();
  private isDead = false;
  private crossings = 0;
  private killAt = Number.POSITIVE_INFINITY;

  get dead(): boolean {
    return this.isDead;
  }

  /** Resolves when it dies. */
  get died(): Promise<void> {
    return this.death.promise;
  }

  /** Dies at the boundary of this number from now, counted from 1. */
  armKill(boundary: number): void {
    this.killAt = this.crossings + boundary;
  }

  disarm(): void {
    this.killAt = Number.POSITIVE_INFINITY;
  }

  die(): void {
    this.isDead = true;
    this.death.resolve();
  }

  /** The same part, but nothing of it has an effect or comes back once the process is dead. */
  part<T extends object>(part: T): T {
    return new Proxy(part, {
      get: (whole, name) => {
        const value: unknown = Reflect.get(whole, name, whole);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (!this.cross()) return NEVER;
          const result: unknown = value.apply(whole, args);
          if (!(result instanceof Promise)) return result;
          return result.then(
            (found) => (this.cross() ? found : NEVER),
            (error) => (this.cross() ? Promise.reject(error) : NEVER),
          );
        };
      },
    });
  }

  /** True while it lives. */
  private cross(): boolean {
    this.crossings += 1;
    if (this.crossings >= this.killAt) this.die();
    return !this.isDead;
  }
}
