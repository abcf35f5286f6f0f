/** Elements of vendors by enterprise number, as `readList` reads them. */
export const probes: Readonly<Record<number, string>> = {
  // Citrix NetScaler
  5951: `
  128u:netscalerRoundTripTime 129u:netscalerTransactionId 130s:netscalerHttpReqUrl 131s:netscalerHttpReqCookie
  132u:netscalerFlowFlags 133u:netscalerConnectionId 134u:netscalerSyslogPriority 135s:netscalerSyslogMessage
  136u:netscalerSyslogTimestamp 140s:netscalerHttpReqReferer 141s:netscalerHttpReqMethod 142s:netscalerHttpReqHost
  143s:netscalerHttpReqUserAgent 144u:netscalerHttpRspStatus 145u:netscalerHttpRspLen 146u:netscalerServerTTFB
  147u:netscalerServerTTLB 150u:netscalerAppNameIncarnationNumber 151u:netscalerAppNameAppId 152s:netscalerAppName
  153u:netscalerHttpReqRcvFB 156u:netscalerHttpReqForwFB 157u:netscalerHttpResRcvFB 158u:netscalerHttpResForwFB
  159u:netscalerHttpReqRcvLB 160u:netscalerHttpReqForwLB 161u:netscalerMainPageId 162u:netscalerMainPageCoreId
  163s:netscalerHttpClientInteractionStartTime 164s:netscalerHttpClientRenderEndTime
  165s:netscalerHttpClientRenderStartTime 167s:netscalerAppTemplateName 168s:netscalerHttpClientInteractionEndTime
  169u:netscalerHttpResRcvLB 170u:netscalerHttpResForwLB 171u:netscalerAppUnitNameAppId 172u:netscalerDbLoginFlags
  173u:netscalerDbReqType 174u:netscalerDbProtocolName 175s:netscalerDbUserName 176s:netscalerDbDatabaseName
  177s:netscalerDbCltHostName 178s:netscalerDbReqString 179s:netscalerDbRespStatusString 180u:netscalerDbRespStatus
  181u:netscalerDbRespLength 182u:netscalerClientRTT 183s:netscalerHttpContentType 185s:netscalerHttpReqAuthorization
  186s:netscalerHttpReqVia 187s:netscalerHttpResLocation 188s:netscalerHttpResSetCookie
  189s:netscalerHttpResSetCookie2 190s:netscalerHttpReqXForwardedFor 192x:netscalerConnectionChainID
  193u:netscalerConnectionChainHopCount 200x:netscalerICASessionGuid 201s:netscaleIcaClientVersion
  202u:netscalerIcaClientType 203a:netscalerIcaClientIP 204s:netscalerIcaClientHostName 205s:netscalerAaaUsername
  207s:netscalerIcaDomainName 208u:netscalerIcaClientLauncher 209u:netscalerIcaSessionSetupTime
  210s:netscalerIcaServerName 214u:netscalerIcaSessionReconnects 215u:netscalerIcaRTT
  216u:netscalerIcaClientsideRXBytes 217u:netscalerIcaClientsideTXBytes 219u:netscalerIcaClientsidePacketsRetransmit
  220u:netscalerIcaServersidePacketsRetransmit 221u:netscalerIcaClientsideRTT 222u:netscalerIcaServersideRTT
  223u:netscalerIcaSessionUpdateBeginSec 224u:netscalerIcaSessionUpdateEndSec 225u:netscalerIcaChannelId1
  226u:netscalerIcaChannelId1Bytes 227u:netscalerIcaChannelId2 228u:netscalerIcaChannelId2Bytes
  229u:netscalerIcaChannelId3 230u:netscalerIcaChannelId3Bytes 231u:netscalerIcaChannelId4
  232u:netscalerIcaChannelId4Bytes 233u:netscalerIcaChannelId5 234u:netscalerIcaChannelId5Bytes
  235u:netscalerIcaConnectionPriority 236u:netscalerApplicationStartupDuration 237u:netscalerIcaLaunchMechanism
  238s:netscalerIcaApplicationName 239u:netscalerApplicationStartupTime 240u:netscalerIcaApplicationTerminationType
  241u:netscalerIcaApplicationTerminationTime 242u:netscalerIcaSessionEndTime 243u:netscalerIcaClientsideJitter
  244u:netscalerIcaServersideJitter 245u:netscalerIcaAppProcessID 246s:netscalerIcaAppModulePath
  247u:netscalerIcaDeviceSerialNo 248x:netscalerMsiClientCookie 249u:netscalerIcaFlags 250s:netscalerIcaUsername
  251u:netscalerLicenseType 252u:netscalerMaxLicenseCount 253u:netscalerCurrentLicenseConsumed
  254u:netscalerIcaNetworkUpdateStartTime 255u:netscalerIcaNetworkUpdateEndTime 256u:netscalerIcaClientsideSRTT
  257u:netscalerIcaServersideSRTT 258u:netscalerIcaClientsideDelay 259u:netscalerIcaServersideDelay
  260u:netscalerIcaHostDelay 261u:netscalerIcaClientSideWindowSize 262u:netscalerIcaServerSideWindowSize
  263u:netscalerIcaClientSideRTOCount 264u:netscalerIcaServerSideRTOCount 265u:netscalerIcaL7ClientLatency
  266u:netscalerIcaL7ServerLatency 267s:netscalerHttpDomainName 268u:netscalerCacheRedirClientConnectionCoreID
  269u:netscalerCacheRedirClientConnectionTransactionID 270u:netscalerUnknown270 271u:netscalerUnknown271
  272u:netscalerUnknown272 273u:netscalerUnknown273 274u:netscalerUnknown274 275u:netscalerUnknown275
  276u:netscalerUnknown276 277u:netscalerUnknown277 278u:netscalerUnknown278 279u:netscalerUnknown279
  280u:netscalerUnknown280 281u:netscalerUnknown281 282u:netscalerUnknown282 283u:netscalerUnknown283
  284u:netscalerUnknown284 285u:netscalerUnknown285 286u:netscalerUnknown286 287u:netscalerUnknown287
  288u:netscalerUnknown288 289u:netscalerUnknown289 290u:netscalerUnknown290 291u:netscalerUnknown291
  292u:netscalerUnknown292 293u:netscalerUnknown293 294u:netscalerUnknown294 295u:netscalerUnknown295
  296u:netscalerUnknown296 297u:netscalerUnknown297 298u:netscalerUnknown298 299u:netscalerUnknown299
  300u:netscalerUnknown300 301u:netscalerUnknown301 302u:netscalerUnknown302 303u:netscalerUnknown303
  304u:netscalerUnknown304 305u:netscalerUnknown305 306u:netscalerUnknown306 307u:netscalerUnknown307
  308u:netscalerUnknown308 309u:netscalerUnknown309 310u:netscalerUnknown310 311u:netscalerUnknown311
  312u:netscalerUnknown312 313u:netscalerUnknown313 314u:netscalerUnknown314 315u:netscalerUnknown315
  316s:netscalerUnknown316 317u:netscalerUnknown317 318u:netscalerUnknown318 319s:netscalerUnknown319
  320u:netscalerUnknown320 321u:netscalerUnknown321 322u:netscalerUnknown322 323u:netscalerUnknown323
  324u:netscalerUnknown324 325u:netscalerUnknown325 326u:netscalerUnknown326 327u:netscalerUnknown327
  328u:netscalerUnknown328 329u:netscalerUnknown329 330u:netscalerUnknown330 331u:netscalerUnknown331
  332u:netscalerUnknown332 333s:netscalerUnknown333 334s:netscalerUnknown334 335u:netscalerUnknown335
  336u:netscalerUnknown336 337u:netscalerUnknown337 338u:netscalerUnknown338 339u:netscalerUnknown339
  340u:netscalerUnknown340 341u:netscalerUnknown341 342u:netscalerUnknown342 343u:netscalerUnknown343
  344u:netscalerUnknown344 345u:netscalerUnknown345 346u:netscalerUnknown346 347u:netscalerUnknown347
  348u:netscalerUnknown348 349s:netscalerUnknown349 350s:netscalerUnknown350 351s:netscalerUnknown351
  352u:netscalerUnknown352 353u:netscalerUnknown353 354u:netscalerUnknown354 355u:netscalerUnknown355
  356u:netscalerUnknown356 357u:netscalerUnknown357 358u:netscalerUnknown358 359u:netscalerUnknown359
  360u:netscalerUnknown360 361x:netscalerUnknown361 362u:netscalerUnknown362 363x:netscalerUnknown363
  364u:netscalerUnknown364 365u:netscalerUnknown365 366u:netscalerUnknown366 367x:netscalerUnknown367
  377u:netscalerUnknown377 380u:netscalerUnknown380 383x:netscalerUnknown383 384x:netscalerUnknown384
  385x:netscalerUnknown385 386s:netscalerUnknown386 387s:netscalerUnknown387 388u:netscalerUnknown388
  389s:netscalerUnknown389 391u:netscalerUnknown391 392u:netscalerUnknown392 393u:netscalerUnknown393
  394u:netscalerUnknown394 398u:netscalerUnknown398 399u:netscalerUnknown399 400u:netscalerUnknown400
  401u:netscalerUnknown401 402u:netscalerUnknown402 403u:netscalerUnknown403 404u:netscalerUnknown404
  405u:netscalerUnknown405 408u:netscalerUnknown408 427u:netscalerUnknown427 429u:netscalerUnknown429
  432u:netscalerUnknown432 433u:netscalerUnknown433 434u:netscalerUnknown434 435u:netscalerUnknown435
  447u:netscalerUnknown447 448u:netscalerUnknown448 451u:netscalerUnknown451 452u:netscalerUnknown452
  453u:netscalerUnknown453 455u:netscalerUnknown455 458u:netscalerUnknown458 459u:netscalerUnknown459
  460u:netscalerUnknown460 461u:netscalerUnknown461 463u:netscalerUnknown463 464u:netscalerUnknown464
  465u:netscalerUnknown465 466u:netscalerUnknown466 467u:netscalerUnknown467 468u:netscalerUnknown468
  475s:netscalerUnknown475 476u:netscalerUnknown476 477u:netscalerUnknown477 478u:netscalerUnknown478
  479s:netscalerUnknown479 480u:netscalerUnknown480 481u:netscalerUnknown481 487u:netscalerUnknown487
  488u:netscalerUnknown488 489u:netscalerUnknown489 491u:netscalerUnknown491 492u:netscalerUnknown492
  493u:netscalerUnknown493 494u:netscalerUnknown494 507u:netscalerUnknown507 508u:netscalerUnknown508
  509u:netscalerUnknown509 510u:netscalerUnknown510 511u:netscalerUnknown511 512u:netscalerUnknown512
  513u:netscalerUnknown513 514u:netscalerUnknown514 518u:netscalerUnknown518 519u:netscalerUnknown519
  520u:netscalerUnknown520 521u:netscalerUnknown521 522u:netscalerUnknown522 523u:netscalerUnknown523
  532u:netscalerUnknown532 533u:netscalerUnknown533 534u:netscalerUnknown534 535u:netscalerUnknown535
  536u:netscalerUnknown536 537u:netscalerUnknown537 538u:netscalerUnknown538 541u:netscalerUnknown541
`,
  // CERT
  6871: `
  14u:initialTCPFlags 15u:unionTCPFlags 18s:payload 21u:reverseFlowDeltaMilliseconds 33u:silkAppLabel
  35u:payloadEntropy 36s:osName 37s:osVersion 38s:firstPacketBanner 39s:secondPacketBanner 40u:flowAttributes
  100u:expiredFragmentCount 101u:assembledFragmentCount 102u:meanFlowRate 103u:meanPacketRate
  104u:flowTableFlushEventCount 105u:flowTablePeakCount 107s:osFingerPrint 126s:tftpFilename 127s:tftpMode
  174u:dnsQueryResponse 175u:dnsQRType 176u:dnsAuthoritative 177u:dnsNXDomain 178u:dnsRRSection 179s:dnsQName
  180s:dnsCName 181u:dnsMXPreference 182s:dnsMXExchange 183s:dnsNSDName 184s:dnsPTRDName 185s:sslCipher
  186u:sslClientVersion 187u:sslServerCipher 188u:sslCompressionMethod 189u:sslCertVersion 190s:sslCertSignature
  199u:dnsTTL 208s:dnsTXTData 209u:dnsSOASerial 210u:dnsSOARefresh 211u:dnsSOARetry 212u:dnsSOAExpire
  213u:dnsSOAMinimum 214s:dnsSOAMName 215s:dnsSOARName 216u:dnsSRVPriority 217u:dnsSRVWeight 218u:dnsSRVPort
  219u:dnsSRVTarget 223u:tcpUrgTotalCount 226u:dnsID 244s:sslCertSerialNumber 245s:sslObjectType 246s:sslObjectValue
  247s:sslCertValidityNotBefore 248s:sslCertValidityNotAfter 249s:sslPublicKeyAlgorithm 250s:sslPublicKeyLength
  287u:rtpPayloadType 288u:reverseRtpPayloadType 289u:mptcpInitialDataSequenceNumber 290u:mptcpReceiverToken
  291u:mptcpMaximumSegmentSize 292u:mptcpAddressID 293u:mptcpFlags 294s:sslServerName 295s:sslCertificateHash
  500u:smallPacketCount 501u:nonEmptyPacketCount 502u:dataByteCount 503u:averageInterarrivalTime
  504u:standardDeviationInterarrivalTime 505u:firstNonEmptyPacketSize 506u:maxPacketSize
  507u:firstEightNonEmptyPacketDirections 508u:standardDeviationPayloadLength 510u:largePacketCount
  16398u:reverseInitialTCPFlags 16399u:reverseUnionTCPFlags 16402s:reversePayload 16419u:reversePayloadEntropy
  16420s:reverseOsName 16421s:reverseOsVersion 16422s:reverseFirstPacketBanner 16423s:reverseSecondPacketBanner
  16424u:reverseFlowAttributes 16491s:reverseOsFingerPrint 16671u:reverseRtpPayloadType_16671
  16884u:reverseSmallPacketCount 16885u:reverseNonEmptyPacketCount 16886u:reverseDataByteCount
  16887u:reverseAverageInterarrivalTime 16888u:reverseStandardDeviationInterarrivalTime
  16889u:reverseFirstNonEmptyPacketSize 16890u:reverseMaxPacketSize 16892u:reverseStandardDeviationPayloadLength
  16894u:reverseLargePacketCount
`,
  // ntop
  35632: `
  78u:client_tcp_flags 79u:server_tcp_flags 80u:src_fragments 81u:dst_fragments 82u:src_to_dst_max_throughput
  83u:src_to_dst_min_throughput 84u:src_to_dst_avg_throughput 85u:dst_to_src_max_throughput
  86u:dst_to_src_min_throughput 87u:dst_to_src_avg_throughput 88u:pkts_up_to_128_bytes 89u:pkts_128_to_256_bytes
  90u:pkts_256_to_512_bytes 91u:pkts_512_to_1024_bytes 92u:pkts_1024_to_1514_bytes 93u:pkts_over_1514_bytes
  98u:cumulative_icmp_type 101s:src_ip_country 102s:src_ip_city 103s:dst_ip_country 104s:dst_ip_city
  105u:flow_proto_port 106u:upstream_tunnel_id 107u:longest_flow_pkt 108u:shortest_flow_pkt
  109u:retransmitted_in_pkts 110u:retransmitted_out_pkts 111u:ooorder_in_pkts 112u:ooorder_out_pkts
  113x:untunneled_protocol 114a:untunneled_ipv4_src_addr 115u:untunneled_l4_src_port 116a:untunneled_ipv4_dst_addr
  117u:untunneled_l4_dst_port 118u:l7_proto 119s:l7_proto_name 120u:downstream_tunnel_id 121s:flow_user_name
  122s:flow_server_name 123u:client_nw_latency_ms 124u:server_nw_latency_ms 125u:app_latency_ms 126s:plugin_name
  127u:retransmitted_in_bytes 128u:retransmitted_out_bytes 188s:ssl_server_name 189s:bittorrent_hash
  334u:pkts_ttl_5_32 335u:pkts_ttl_32_64 336u:pkts_ttl_64_96 337u:pkts_ttl_96_128 338u:pkts_ttl_128_160
  339u:pkts_ttl_160_192 340u:pkts_ttl_192_224 341u:pkts_ttl_224_255 346u:pkts_ttl_2_5 347u:pkts_ttl_eq_1
  349x:in_src_osi_sap 350x:out_dst_osi_sap 391u:duration_in 392u:duration_out 396a:untunneled_ipv6_src_addr
  397a:untunneled_ipv6_dst_addr 415u:tcp_win_min_in 416u:tcp_win_max_in 417u:tcp_win_mss_in 418u:tcp_win_scale_in
  419u:tcp_win_min_out 420u:tcp_win_max_out 421u:tcp_win_mss_out 422u:tcp_win_scale_out 438u:payload_hash
  443s:src_as_name 444s:dst_as_name 446u:upstream_session_id 447u:downstream_session_id 448x:src_ip_long
  449x:src_ip_lat 450x:dst_ip_long 451x:dst_ip_lat 471a:nprobe_ipv4_address 472u:src_to_dst_second_bytes
  473u:dst_to_src_second_bytes 489s:ja3c_hash 490s:ja3s_hash 491s:src_host_name 492s:dst_host_name 493u:ssl_cipher
  494u:ssl_unsafe_cipher 495u:ssl_version 1028s:protocol_ntop 1031s:l4_src_port_name 1035s:l4_dst_port_name
  1036u:l4_srv_port 1037s:l4_srv_port_name
`,
}
