// SPDX-License-Identifier: Apache-2.0
/// Text records as go-micro sent them: 1.18 (a service, and the node of its broker) and 1.1.
#pragma once

#include <string>
#include <vector>

namespace microhost::registry_mdns::captured {

inline const std::vector<std::string> kGreeterTexts = {
    "789cd4523f4ffb3010fd2e6fb6bcd7eb4f3f8985854a2ca883494e2122f199bb4b4555e5bb2347258da103234c51de"
    "bd7b7f743e634f72ec1b4240c77eec1b61af72f4639bb413222381c32389f69c10b0f33bbf83c3ffd466ee9329c2d3"
    "19298e45611f4ffe8e8681e120f436911ac23a7db8200e76ca35708cc34495d4f25",
    "9996ad2a76e434cd330cc87b9d868e6a454f95ca08dd18a7c771ab5fb89d14816db6811e13ccfaeaabc37a138deecf"
    "c8f93d1fba6f315a81c6e1659752fbbebff97d54db452a070024c264295749990f8727192bf16fa17c73d38dc6fc6c"
    "fc2af24087831cb70c8c2c60d0fe5ad4d4d5e3a74bd9a9c0ad22685832e37b9324c",
    "62d2cc629f32f3fc110000ffffb2233f51"};
inline const std::string kGreeterJson =
    R"json({"Service":"go.micro.srv.mdnsgreeter","Version":"9.9.9","Endpoints":[{"name":"Say.Hello","request":{"name":"Request","type":"Request","values":[{"name":"name","type":"string","values":null}]},"response":{"name":"Response","type":"Response","values":[{"name":"msg","type":"string","values":null}]},"metadata":{}},{"name":"Say.Stream","request":{"name":"Context","type":"Context","values":null},"response":{"name":"Stream","type":"Stream","values":null},"metadata":{"stream":"true"}},{"name":"Streamer.ServerStream","request":{"name":"Context","type":"Context","values":null},"response":{"name":"Stream","type":"Stream","values":null},"metadata":{"stream":"true"}},{"name":"Streamer.Stream","request":{"name":"Context","type":"Context","values":null},"response":{"name":"Stream","type":"Stream","values":null},"metadata":{"stream":"true"}}],"Metadata":{"broker":"http","protocol":"mucp","registry":"mdns","server":"mucp","transport":"http"}})json";

inline const std::vector<std::string> kBrokerTexts = {
    "789c4ccdb1aac3300c85e17739b3f10378bfe39d0add555b4e4d1dcb484a9690772f81523a1fceff1db8b1ee2d3312"
    "16896bcb2af1e93ee343e5c58a803bab351948a8f53b51c9648e80bf51a6b4e18634b6de03fed9a99013d2814f23e1"
    "ba21c0386f7a5195ba31025c66cbbfb4e91ed7326c516667c579be030000ffffedd",
    "1389f"};
inline const std::string kBrokerJson =
    R"json({"Service":"go.micro.http.broker","Version":"ff.http.broadcast","Endpoints":null,"Metadata":{"broker":"http","secure":"false","topic":"go.micro.srv.mdnsgreeter"}})json";

inline const std::vector<std::string> kOldTexts = {
    "789cd492314fc3301085ffcb9b2d8bae5e11120b0b95585007931e21c2b1cddda5a2aafcdf91430949c9c0085394f7"
    "7cf73ddff9842df1a16b080e6db27dd770b2c207db329112c3e08158ba14e1b0b11b7b05839bb8cfa98b2a708f2744"
    "dfd7eaad3fda5b0a21c180e96d2051b8c9bd3f2b067acc4be1e0c3408b56e3673a2",
    "9ca5d6c6707e31042d9958a919ca2d082739666a049f949eaa5fd0da827f57bafbe8244997c0f87671f84508a598c6"
    "0fb69afcde03a45a5f7d90cbe850571f56253df73edf47f51ba1a5579b8483a3ac4b66e9ff8bf85fec37177067733f"
    "b89d32b311c5e54330c32274d4d0af5ed0d4d1eefd076a27cacca3e0a0c64dc091c",
    "3837350cfb2839b17e7529e5230000ffffa396426f"};
inline const std::string kOldJson =
    R"json({"Service":"go.micro.srv.greeter","Version":"1.1.0","Endpoints":[{"name":"Say.Hello","request":{"name":"Request","type":"Request","values":[{"name":"name","type":"string","values":null}]},"response":{"name":"Response","type":"Response","values":[{"name":"msg","type":"string","values":null}]},"metadata":{"stream":"false"}},{"name":"Say.Stream","request":{"name":"Context","type":"Context","values":null},"response":{"name":"Stream","type":"Stream","values":null},"metadata":{"stream":"true"}},{"name":"Streamer.ServerStream","request":{"name":"Context","type":"Context","values":null},"response":{"name":"Stream","type":"Stream","values":null},"metadata":{"stream":"true"}},{"name":"Streamer.Stream","request":{"name":"Context","type":"Context","values":null},"response":{"name":"Stream","type":"Stream","values":null},"metadata":{"stream":"true"}}],"Metadata":{"broker":"http","protocol":"mucp","registry":"mdns","server":"rpc","transport":"http"}})json";

}  // namespace microhost::registry_mdns::captured
