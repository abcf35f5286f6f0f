// A stand-in for AWS Cost Explorer and the identity of STS: signatures of version 4, AWS JSON 1.1, pages, errors.
import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { credentials } from './aws-server.ts'
import { endAtOnce, listenHere } from './loopback.ts'

export interface CostQuery {
  readonly TimePeriod: { readonly Start: string; readonly End: string }
  readonly Granularity: string
  readonly Metrics: readonly string[]
  readonly GroupBy: readonly { readonly Type: string; readonly Key: string }[]
  readonly NextPageToken?: string
}

/** Cost of one day and group. */
export type DayCost = Readonly<{ day: string; keys: readonly string[]; amount: string; estimated?: boolean }>
type Fault = Readonly<{ code: string; status?: number }> | 'none'

const dayMs = 86_400_000

export class CostServer {
  readonly account = '123456789012'
  readonly queries: CostQuery[] = []
  costs: readonly DayCost[] = []
  /** Groups in a page. */
  pageSize = 1000
  url = ''
  readonly #faults: Fault[] = []
  readonly #server: Server = createServer((request, response) => {
    this.#serve(request, response).catch(() => response.destroy())
  })

  async start(): Promise<this> {
    this.url = await listenHere(this.#server)
    return this
  }

  stop(): Promise<void> {
    return endAtOnce(this.#server)
  }

  /** The next requests for costs get these answers. */
  fail(...faults: readonly Fault[]): void {
    this.#faults.push(...faults)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = Buffer.concat(parts)
    const answer = (status: number, content: unknown): void =>
      void response
        .writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
        .end(typeof content === 'string' ? content : JSON.stringify(content))
    const service = signedService(request, body)
    if (service === undefined) return answer(403, { __type: 'InvalidSignatureException', message: 'wrong signature' })
    if (service === 'sts') return answer(200, identity(this.account))
    if (request.headers['x-amz-target'] !== 'AWSInsightsIndexService.GetCostAndUsage')
      return answer(400, { __type: 'UnknownOperationException' })
    const query = JSON.parse(body.toString()) as CostQuery
    this.queries.push(query)
    const fault = this.#faults.shift() ?? 'none'
    if (fault !== 'none') return answer(fault.status ?? 400, { __type: fault.code, message: 'of the test' })
    answer(200, this.#page(query))
  }

  #page({ TimePeriod: { Start, End }, GroupBy, NextPageToken: token }: CostQuery): object {
    const found = this.costs.filter(({ day }) => day >= Start && day < End).toSorted((a, b) => (a.day < b.day ? -1 : 1))
    const from = Number(token ?? 0)
    const page = found.slice(from, from + this.pageSize)
    const isLast = from + this.pageSize >= found.length
    return {
      GroupDefinitions: GroupBy,
      ResultsByTime: [...new Set(page.map(({ day }) => day))].map((day) => ({
        TimePeriod: { Start: day, End: new Date(Date.parse(day) + dayMs).toISOString().slice(0, 10) },
        Total: {},
        Estimated: page.some((one) => one.day === day && one.estimated !== false),
        Groups: page
          .filter((one) => one.day === day)
          .map(({ keys, amount }) => ({
            Keys: keys,
            Metrics: {
              UnblendedCost: { Amount: amount, Unit: 'USD' },
              AmortizedCost: { Amount: amount, Unit: 'USD' },
            },
          })),
      })),
      DimensionValueAttributes: [{ Value: '210987654321', Attributes: { description: 'Shop' } }],
      ...(isLast ? {} : { NextPageToken: String(from + this.pageSize) }),
    }
  }
}

/** The service of the signature, if it is right. */
function signedService({ method, url, headers }: IncomingMessage, body: Buffer): string | undefined {
  const [, credential = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? []
  const [access, ...scope] = credential.split('/')
  if (access !== credentials.accessKeyId || scope[1] !== 'us-east-1') return undefined
  const hash = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
  const mac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
  const canonical = [
    method,
    url,
    '',
    ...names.split(';').map((name) => `${name}:${String(headers[name] ?? '')}`),
    '',
    names,
    hash(body),
  ].join('\n')
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope.join('/'), hash(canonical)].join('\n')
  const key = scope.reduce<string | Buffer>((last, part) => mac(last, part), `AWS4${credentials.secretAccessKey}`)
  return mac(key, text).toString('hex') === signature ? scope[2] : undefined
}

const identity = (account: string): string =>
  '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
  `<Arn>arn:aws:iam::${account}:user/weir</Arn><UserId>AIDA</UserId><Account>${account}</Account>` +
  '</GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>'
