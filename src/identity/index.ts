/** Meaning of addresses: resolvers for the port of `engine/contracts.ts`. */
export { openGeo, type Geo, type GeoFiles } from './geo.ts'
export { staticResolver, type StaticResolution, type StaticResolver } from './static-resolver.ts'
export { WorkloadFeed } from './workload-feed.ts'
export { WorkloadFollower } from './workload-follower.ts'
export { WorkloadProjection } from './workload-projection.ts'
export { WorkloadResolver } from './workload-resolver.ts'
