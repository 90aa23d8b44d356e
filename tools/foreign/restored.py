#!/usr/bin/python3
"""A client of a server that is restored from a backup, by zeep from the specification's WSDLs:
restored.py BASE-URL WSDL-FOLDER before|after STATE-FILE.

Before, it synchronises and keeps what a client keeps: its cookie, and the number and identity of each update. After, it is
told that the server has changed, and does what MS-WUSP 3.2.5 has clients do then: a new cookie, and RefreshCache for the
numbers that its updates have now. Each step that went well is a line on stdout.
"""
import base64
import datetime
import json
import re
import sys

import zeep
from zeep.exceptions import Fault

base, folder, when, state_file = sys.argv[1:5]
CLIENT = "http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService"
ME = "5c7f4f80-3896-4d10-8a38-469286a0fe5e"


def service(file, namespace, name, path):
    client = zeep.Client(f"{folder}/{file}.wsdl", settings=zeep.Settings(strict=True))
    return client.create_service(f"{{{namespace}}}{name}Soap", base + path)


auth = service("simpleauth", CLIENT.replace("ClientWeb", "SimpleAuthWeb"), "SimpleAuth", "/SimpleAuthWebService/SimpleAuth.asmx")
ws = service("client", CLIENT, "Client", "/ClientWebService/Client.asmx")


def ok(name, condition, got):
    if not condition:
        sys.exit(f"{name}: unexpected answer: {got}")
    print("ok", name)


def fault(code, call):
    try:
        got = call()
    except Fault as f:
        ok(f"fault {code}", {e.tag: e.text for e in f.detail}["ErrorCode"] == code, f.detail)
    else:
        sys.exit(f"no fault {code}: {got}")


def cookie(old=None):
    config = ws.GetConfig(protocolVersion="1.8")
    who = auth.GetAuthorizationCookie(clientId=ME, targetGroupName="", dnsName="restored.example")
    return ws.GetCookie(authCookies={"AuthorizationCookie": [{"PlugInId": who.PlugInId, "CookieData": who.CookieData}]}, oldCookie=old,
                        lastChange=config.LastChange, currentTime=datetime.datetime.now(datetime.timezone.utc), protocolVersion="1.8")


def register(with_cookie):
    numbers = dict.fromkeys(["OSMajorVersion", "OSMinorVersion", "OSBuildNumber", "OSServicePackMajorNumber", "OSServicePackMinorNumber",
                             "SuiteMask", "OldProductType", "NewProductType", "SystemMetrics", "ClientVersionMajorNumber",
                             "ClientVersionMinorNumber", "ClientVersionBuildNumber", "ClientVersionQfeNumber"], 1)
    ws.RegisterComputer(with_cookie, {"DnsName": "restored.example", "BiosReleaseDate": datetime.datetime.now(), **numbers})


def synchronise(with_cookie, cached):
    """Synchronises until nothing is new; gives the new updates by number, what went out of scope, and the last cookie."""
    found, gone = {}, []
    for _ in range(20):
        r = ws.SyncUpdates(with_cookie, {"ExpressQuery": False, "InstalledNonLeafUpdateIDs": {"int": []},
                                         "OtherCachedUpdateIDs": {"int": cached + list(found)}, "SkipSoftwareSync": False})
        with_cookie = r.NewCookie
        gone += r.OutOfScopeRevisionIDs.int if r.OutOfScopeRevisionIDs else []
        if not r.NewUpdates:
            break
        for u in r.NewUpdates.UpdateInfo:
            found[u.ID] = re.search('UpdateID="([^"]*)"', u.Xml).group(1)
    return found, gone, with_cookie


if when == "before":
    mine = cookie()
    register(mine)
    found, _, mine = synchronise(mine, [])
    ok("SyncUpdates", len(found) >= 2, found)
    with open(state_file, "w") as f:
        json.dump({"cookie": base64.b64encode(mine.EncryptedData).decode(), "updates": found}, f)
    sys.exit()

with open(state_file) as f:
    state = json.load(f)
had = {int(n): identity for n, identity in state["updates"].items()}
old = {"Expiration": datetime.datetime.now(datetime.timezone.utc), "EncryptedData": base64.b64decode(state["cookie"])}
fault("ServerChanged", lambda: synchronise(old, list(had)))
fault("ServerChanged", lambda: cookie(old))
mine = cookie()
fault("RegistrationRequired", lambda: synchronise(mine, []))
register(mine)
refreshed = ws.RefreshCache(mine, {"UpdateIdentity": [{"UpdateID": i, "RevisionNumber": 100} for i in had.values()]})
now = {r.RevisionID: r.GlobalID.UpdateID for r in refreshed}
ok("RefreshCache", sorted(now.values()) == sorted(had.values()), now)
ok("numbers", all(had[n] == now[n] for n in had if n in now) and now != had, (had, now))
found, gone, _ = synchronise(mine, list(now))
ok("SyncUpdates", not gone and not set(found) & set(had) and len(found) == 1 and not set(found.values()) & set(had.values()), (found, gone))
