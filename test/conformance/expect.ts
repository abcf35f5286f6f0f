import assert from 'node:assert/strict'

interface Expectation {
  toBe(wanted: unknown): void
  toEqual(wanted: unknown): void
  toContain(wanted: unknown): void
  toHaveLength(wanted: number): void
  toBeGreaterThan(wanted: number): void
  toBeUndefined(): void
  readonly not: Pick<Expectation, 'toBe'>
}

/** The suites run in any test runner, so that they use none. */
export function expect(value: unknown): Expectation {
  return {
    toBe: (wanted) => assert.strictEqual(value, wanted),
    toEqual: (wanted) => assert.deepStrictEqual(value, wanted),
    toContain: (wanted) => assert.ok((value as readonly unknown[]).includes(wanted), `no ${String(wanted)}`),
    toHaveLength: (wanted) => assert.strictEqual((value as { length: number }).length, wanted),
    toBeGreaterThan: (wanted) => assert.ok(Number(value) > wanted, `${String(value)} is not above ${wanted}`),
    toBeUndefined: () => assert.strictEqual(value, undefined),
    not: { toBe: (wanted) => assert.notStrictEqual(value, wanted) },
  }
}
