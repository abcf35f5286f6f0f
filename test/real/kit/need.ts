import type { TestContext } from 'vitest'
import { install, type Program } from '../install/apt.ts'

/** Path of a real program, or the test is skipped with the reason (which test/skips.json must list). */
export async function need(context: TestContext, program: Program): Promise<string> {
  const installed = await install(program)
  if (installed.path === undefined) return context.skip(installed.reason)
  return installed.path
}
