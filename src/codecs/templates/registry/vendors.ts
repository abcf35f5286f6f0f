/** Elements of vendors by enterprise number, as `readList` reads them. */
export const vendors: Readonly<Record<number, string>> = {
  // Cisco
  9: `
  232x:ingress_acl_id 233x:egress_acl_id 234u:fw_ext_event 7232s:username 7233a:xlate_src_addr_ipv4
  7234a:xlate_dst_addr_ipv4 7235u:xlate_src_port 7236u:xlate_dst_port 7237u:fw_event 8337u:ciscoServerBytesNetwork
  8338u:ciscoClientBytesNetwork 9252u:ciscoServicesWaasSegment 9253u:ciscoServicesWaasPassthroughReason
  9357s:ciscoAppHTTPUriStatistics 12232s:ciscoAppCategoryName 12234s:ciscoAppGroupName 12235s:ciscoAppHTTPHost
  12236a:ciscoClientIPv4Address 12237a:ciscoServerIPv4Address 12240u:ciscoClientL4Port 12241u:ciscoServerL4Port
  12242u:ciscoConnectionId 12244s:ciscoAppBusiness 12432u:ciscoOverlaySessionIdInput
`,
  // Nokia
  637: `
  91u:natInsideSvcid 92u:natOutsideSvcid 93s:natSubString
`,
  // Juniper
  2636: `
  137u:commonPropertiesId
`,
  // Ixia
  3054: `
  110u:ixiaL7AppId 111s:ixiaL7AppName 120s:ixiaSrcCountryCode 121s:ixiaSrcCountryName 122s:ixiaSrcRegionCode
  123s:ixiaSrcRegionName 125s:ixiaSrcCityName 126f:ixiaSrcLatitude 127f:ixiaSrcLongitude 140s:ixiaDstCountryCode
  141s:ixiaDstCountryName 142s:ixiaDstRegionCode 143s:ixiaDstRegionNode 145s:ixiaDstCityName 146f:ixiaDstLatitude
  147f:ixiaDstLongitude 160u:ixiaDeviceId 161s:ixiaDeviceName 162u:ixiaBrowserId 163s:ixiaBrowserName
  176u:ixiaRevOctetDeltaCount 177u:ixiaRevPacketDeltaCount 178s:ixiaEncryptType 179s:ixiaEncryptCipher
  180u:ixiaEncryptKeyLength 181s:ixiaImsiSubscriber 182s:ixiaHttpUserAgent 183s:ixiaHttpHostName 184s:ixiaHttpUri
  185s:ixiaDnsRecordTxt 186s:ixiaSrcAsName 187s:ixiaDstAsName 188u:ixiaLatency 189s:ixiaDnsQuery 190s:ixiaDnsAnswer
  191s:ixiaDnsClasses 192s:ixiaThreatType 193a:ixiaThreatIPv4 194a:ixiaThreatIPv6
`,
  // VMware
  6876: `
  880u:vmwareTenantProtocol 881a:vmwareTenantSourceIPv4 882a:vmwareTenantDestIPv4 883a:vmwareTenantSourceIPv6
  884a:vmwareTenantDestIPv6 886u:vmwareTenantSourcePort 887u:vmwareTenantDestPort 888u:vmwareEgressInterfaceAttr
  889u:vmwareVxlanExportRole 890u:vmwareIngressInterfaceAttr
`,
  // AFC
  9789: `
  1u:afcProtocol 2s:afcProtocolName 4u:flowDirection
`,
  // Barracuda
  10704: `
  1u:Timestamp 2u:LogOp 3u:TrafficType 4s:FW_Rule 5s:ServiceName 6u:Reason 7s:ReasonText 8a:BindIPv4Address
  9u:BindTransportPort 10a:ConnIPv4Address 11u:ConnTransportPort 12u:AuditCounter
`,
  // Barracuda
  12326: `
  1u:Timestamp 2u:LogOp 3u:TrafficType 4s:FW_Rule 5s:ServiceName 6u:Reason 7s:ReasonText 8a:BindIPv4Address
  9u:BindTransportPort 10a:ConnIPv4Address 11u:ConnTransportPort 12u:AuditCounter
`,
  // Procera
  15397: `
  1s:proceraService 2s:proceraBaseService 3u:proceraIncomingOctets 4u:proceraOutgoingOctets 5u:proceraIncomingPackets
  6u:proceraOutgoingPackets 7u:proceraIncomingShapingLatency 8u:proceraOutgoingShapingLatency
  9u:proceraIncomingShapingDrops 10u:proceraOutgoingShapingDrops 11i:proceraInternalRtt 12i:proceraExternalRtt
  15s:proceraFlowBehavior 16s:proceraContentCategories 17s:proceraProperty 18s:proceraServerHostname
  19s:proceraHttpRequestMethod 20s:proceraHttpUserAgent 21s:proceraHttpContentType 22s:proceraHttpUrl
  23s:proceraHttpReferer 24u:proceraHttpResponseStatus 25u:proceraHttpFileLength 26s:proceraHttpLocation
  27s:proceraHttpLanguage 28s:proceraSubscriberIdentifier 29u:proceraMsisdn 30u:proceraImsi 31s:proceraRat
  32u:proceraDeviceId 33s:proceraSgsn 34u:proceraRnc 35s:proceraApn 36s:proceraUserLocationInformation
  37s:proceraGgsn 38f:proceraQoeIncomingInternal 39f:proceraQoeIncomingExternal 40f:proceraQoeOutgoingInternal
  41f:proceraQoeOutgoingExternal 42a:proceraLocalIPv4Host 43a:proceraLocalIPv6Host 44a:proceraRemoteIPv4Host
  45a:proceraRemoteIPv6Host 46s:proceraHttpRequestVersion 47s:proceraTemplateName 49u:proceraIncomingDscp
  50u:proceraOutgoingDscp 51u:proceraIncomingDot1qVlanIdLevel1 52u:proceraIncomingDot1qVlanIdLevel2
  53u:proceraIncomingDot1qVlanIdLevel3 54u:proceraIncomingDot1qVlanIdLevel4 55u:proceraOutgoingDot1qVlanIdLevel1
  56u:proceraOutgoingDot1qVlanIdLevel2 57u:proceraOutgoingDot1qVlanIdLevel3 58u:proceraOutgoingDot1qVlanIdLevel4
  59i:proceraIncomingDot1qPriorityLevel1 60i:proceraIncomingDot1qPriorityLevel2
  61i:proceraIncomingDot1qPriorityLevel3 62i:proceraIncomingDot1qPriorityLevel4
  63i:proceraOutgoingDot1qPriorityLevel1 64i:proceraOutgoingDot1qPriorityLevel2
  65i:proceraOutgoingDot1qPriorityLevel3 66i:proceraOutgoingDot1qPriorityLevel4 67i:proceraInternalJitter
  69s:proceraServiceObject 70s:proceraRemoteGeoIP
`,
  // ulogd
  21373: `
  4u:mark 6u:conntrack_id
`,
  // Palo Alto
  25461: `
  23933s:app_id 23934s:user_id
`,
  // Gigamon
  26866: `
  3s:http_user_agent 101s:ssl_common_name 105s:ssl_validity_not_before 106s:ssl_validity_not_after
  107s:ssl_serial_number 112s:ssl_server_name 1958s:dns_query 2228s:http2_header_raw 2237s:http2_method
  2238s:http2_mime_type 2250s:http2_user_agent 2531u:ssl_server_hello_extension_type 2532u:ssl_request_size
  2533u:ssl_handshake_type 2535u:ssl_client_hello_extension_type 2539s:ssl_server_name_raw 2545s:ssl_issuer
  2548s:ssl_server_name_raw_2548 4676s:http_host 4681s:http_uri_raw 4702s:http_server_agent 4721s:http_uri_full
  4745s:http_uri
`,
  // Viptela
  41916: `
  4321u:viptelaVPNId
`,
}
