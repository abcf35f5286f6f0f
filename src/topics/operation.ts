import type { Static, TObject, TSchema } from 'typebox'
import type { StoreReader } from '../engine/control.ts'
import type { RefusalCode } from './refusal.ts'
import type { Of } from './schema.ts'
import type { Viewer } from './scope.ts'

/** What every operation uses. Times in Unix ms. */
export type Surroundings = Readonly<{
  store: StoreReader
  now: number
  viewer: Viewer
  /** Aborts when no client waits for the result. */
  signal: AbortSignal
}>

/** The values of the schema of a result. */
export type Result<S> = S extends TSchema ? Of<S> : never

/** A query of a topic: its parameters, its result, and the function between them. No HTTP. */
export type Operation<
  Parameters extends TObject,
  Response extends TSchema,
  Needed = object,
  Around = Surroundings,
> = Readonly<{
  /** In the description of the API. */
  id: string
  summary: string
  description?: string
  parameters: Parameters
  /** With `$id`: the name of the schema. */
  result: Response
  /** Besides those of every query of the store. */
  refuses?: readonly RefusalCode[]
  run(parameters: Static<Parameters>, surroundings: Around & Needed): Promise<Result<Response>>
}>

export function operation<Parameters extends TObject, Response extends TSchema, Needed = object>(
  described: Operation<Parameters, Response, Needed>,
): Operation<Parameters, Response, Needed> {
  return described
}

/** Also runs without a store: `Needed` is all that it uses. */
export function storelessOperation<Parameters extends TObject, Response extends TSchema, Needed>(
  described: Operation<Parameters, Response, Needed, object>,
): Operation<Parameters, Response, Needed, object> {
  return described
}
