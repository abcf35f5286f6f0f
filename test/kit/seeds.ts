import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** Whether random tests use all seeds; set by the configuration. */
    readonly thorough: boolean
  }
}

/** What a random test begins with: 1 to `few` in `npm test`, 1 to `all` in `npm run test:real`. */
export function seeds(few: number, all: number): number[] {
  return Array.from({ length: inject('thorough') ? all : few }, (_, index) => index + 1)
}
