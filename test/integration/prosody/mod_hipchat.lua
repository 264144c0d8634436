-- SPDX-License-Identifier: Apache-2.0
-- HipChat's way to log in, for Prosody: <auth xmlns="http://hipchat.com"> without bind, and the profile that says our names.
local st = require "util.stanza";
local base64 = require "util.encodings".base64;
local usermanager, sessionmanager = require "core.usermanager", require "core.sessionmanager";
local split = function(s) return s:match("^%z([^%z]*)%z([^%z]*)%z?(.*)$"); end
local rooms = module:get_option_string("hipchat_rooms");

module:hook("stream-features", function(event)
	if event.origin.secure and event.origin.type == "c2s_unauthed" then
		event.features:tag("auth", { xmlns = "http://hipchat.com" }):up();
	end
end);

module:hook("stanza/http://hipchat.com:auth", function(event)
	local session = event.origin;
	local user, password, resource = split(base64.decode(event.stanza:get_text()) or "");
	local name = (user or ""):match("^[^@]+");
	if not name or not usermanager.test_password(name, module.host, password) then
		session.send(st.stanza("failure", { xmlns = "urn:ietf:params:xml:ns:xmpp-sasl" }):tag("not-authorized"));
		return true;
	end
	sessionmanager.make_authenticated(session, name);
	sessionmanager.bind_resource(session, resource ~= "" and resource or nil);
	session.send(st.stanza("success", { xmlns = "urn:ietf:params:xml:ns:xmpp-sasl", jid = session.full_jid, muc_host = rooms }));
	return true;
end);

module:hook("iq/bare/http://hipchat.com/protocol/profile:query", function(event)
	event.origin.send(st.reply(event.stanza):tag("query", { xmlns = "http://hipchat.com/protocol/profile" })
		:text_tag("name", "Micro Bot"):text_tag("mention_name", "MicroBot"));
	return true;
end);
