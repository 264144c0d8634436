// SPDX-License-Identifier: Apache-2.0
/// The XML namespaces of what this input speaks.
#pragma once

namespace microhost::bot::xmpp::ns {

inline constexpr char kClient[] = "jabber:client";
inline constexpr char kStreams[] = "http://etherx.jabber.org/streams";
inline constexpr char kStreamErrors[] = "urn:ietf:params:xml:ns:xmpp-streams";
inline constexpr char kStanzaErrors[] = "urn:ietf:params:xml:ns:xmpp-stanzas";
inline constexpr char kTls[] = "urn:ietf:params:xml:ns:xmpp-tls";
inline constexpr char kSasl[] = "urn:ietf:params:xml:ns:xmpp-sasl";
inline constexpr char kBind[] = "urn:ietf:params:xml:ns:xmpp-bind";
inline constexpr char kSession[] = "urn:ietf:params:xml:ns:xmpp-session";
inline constexpr char kManagement[] = "urn:xmpp:sm:3";            // XEP-0198
inline constexpr char kPing[] = "urn:xmpp:ping";                  // XEP-0199
inline constexpr char kDelay[] = "urn:xmpp:delay";                // XEP-0203
inline constexpr char kOldDelay[] = "jabber:x:delay";             // XEP-0091
inline constexpr char kMuc[] = "http://jabber.org/protocol/muc";  // XEP-0045
inline constexpr char kMucUser[] = "http://jabber.org/protocol/muc#user";
inline constexpr char kMucOwner[] = "http://jabber.org/protocol/muc#owner";
inline constexpr char kForms[] = "jabber:x:data";                              // XEP-0004
inline constexpr char kInvitation[] = "jabber:x:conference";                   // XEP-0249
inline constexpr char kDiscoInfo[] = "http://jabber.org/protocol/disco#info";  // XEP-0030
inline constexpr char kDiscoItems[] = "http://jabber.org/protocol/disco#items";
inline constexpr char kVersion[] = "jabber:iq:version";                         // XEP-0092
inline constexpr char kChatStates[] = "http://jabber.org/protocol/chatstates";  // XEP-0085
inline constexpr char kHints[] = "urn:xmpp:hints";                              // XEP-0334
inline constexpr char kCorrection[] = "urn:xmpp:message-correct:0";             // XEP-0308
inline constexpr char kHipchat[] = "http://hipchat.com";
inline constexpr char kHipchatProfile[] = "http://hipchat.com/protocol/profile";

}  // namespace microhost::bot::xmpp::ns
