"""The story of one working day, walked through the public surfaces by a client that shares no code with Kefu:
the standard library's HTTP, `websockets`, and `grpcio` with nothing but server reflection.

Run by `make test` on each database; exits with 1 at the first thing that is not as it should be.
"""

import itertools
import json
import os
import random
import re
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import zlib
from contextlib import ExitStack

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from websockets.sync.client import connect

PATIENCE = 15  # seconds for anything to arrive
SECRET = "内部备注-绝不外传"


class Mismatch(Exception):
    """Something is not as the story has it."""


def check(condition, what, shown=""):
    if not condition:
        raise Mismatch(f"{what}: {shown}")
    print(f"    ✓ {what}")


class Rest:
    """A caller of the REST surface."""

    def __init__(self, address, token=None):
        self.base, self.token = f"http://{address}/api/v1", token

    def call(self, verb, path, body=None, expect=200):
        data = None if body is None else json.dumps(body).encode()
        return self.send(verb, path, data, "application/json", expect)

    def send(self, verb, path, data, content_type, expect=200):
        request = urllib.request.Request(self.base + path, data=data, method=verb)
        if data is not None:
            request.add_header("Content-Type", content_type)
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                status, envelope = response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            status, envelope = error.code, json.loads(error.read())
        if status != expect:
            raise Mismatch(f"{verb} {path}: expected {expect}, got {status} {envelope}")
        if not {"code", "message", "data", "timestamp", "requestId"} <= envelope.keys() or envelope["code"] != status:
            raise Mismatch(f"{verb} {path}: not the envelope: {envelope}")
        return envelope["data"] if status == 200 else envelope

    def get(self, path, expect=200, **query):
        return self.call("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""), expect=expect)

    def post(self, path, body=None, expect=200):
        return self.call("POST", path, body or {}, expect)

    def put(self, path, body, expect=200):
        return self.call("PUT", path, body, expect)

    def upload(self, session, name, content):
        edge = uuid.uuid4().hex
        head = f'--{edge}\r\nContent-Disposition: form-data; name="sessionId"\r\n\r\n{session}\r\n'
        head += f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
        return self.send("POST", "/files", body, f"multipart/form-data; boundary={edge}")

    def download(self, file):
        request = urllib.request.Request(f"{self.base}/files/{file}/content")
        request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.read()

    def login(self, tenant, username, password):
        answer = self.post("/auth/login", {"tenantCode": tenant, "username": username, "password": password})
        self.token = answer["accessToken"]
        return answer["user"]


class Socket:
    """A connection to /ws. Everything that arrives is kept, for what must not have arrived."""

    def __init__(self, address, token, resume=None):
        self.wire = connect(f"ws://{address}/ws", max_size=1 << 20, ping_interval=None, compression=None)
        self.unread, self.seen = [], []
        data = {"token": token, "deviceId": uuid.uuid4().hex}
        if resume:
            data["resume"] = resume
        self.send("auth", data)
        self.hello = self.expect("auth_ok")

    def send(self, kind, data):
        self.wire.send(json.dumps({"type": kind, "data": data}))

    def read(self, until):
        frame = json.loads(self.wire.recv(timeout=max(0.01, until - time.monotonic())))
        if frame["type"] == "ping":
            self.send("pong", frame["data"])
        self.unread.append(frame)
        self.seen.append(frame)

    def expect(self, kind, fits=lambda data: True):
        until = time.monotonic() + PATIENCE
        while True:
            for frame in self.unread:
                if frame["type"] == kind and fits(frame["data"]):
                    self.unread.remove(frame)
                    return frame["data"]
            try:
                self.read(until)
            except TimeoutError:
                kinds = [json.dumps(frame, ensure_ascii=False)[:200] for frame in self.unread]
                raise Mismatch(f"no {kind} came; instead: {kinds}") from None

    def say(self, session, content, **more):
        """Sends a message, and waits until it is accepted."""
        own = uuid.uuid4().hex
        self.send("message", {"sessionId": session, "clientMsgId": own, "content": content, **more})
        return self.expect("message_accepted", lambda data: data["clientMsgId"] == own)

    def hear(self, content):
        """Waits for a message with this content."""
        return self.expect("message", lambda data: data["content"] == content)

    def settle(self):
        """Reads until everything sent before now has arrived."""
        mark = random.randrange(1 << 30)
        self.send("ping", {"t": mark})
        self.expect("pong", lambda data: data["t"] == mark)

    def close(self):
        self.wire.close()

    def cut(self):
        """Breaks the line without a word."""
        self.wire.socket.shutdown(2)


class Grpc:
    """A caller of the gRPC surface that learns every message from the server itself."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        self.pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(self.channel))

    def call(self, token, method, **request):
        service, name = method.rsplit("/", 1)
        found = self.pool.FindServiceByName(service).FindMethodByName(name)
        asked = message_factory.GetMessageClass(found.input_type)
        answered = message_factory.GetMessageClass(found.output_type)
        stub = self.channel.unary_unary(
            "/" + method, request_serializer=asked.SerializeToString, response_deserializer=answered.FromString
        )
        answer = stub(json_format.ParseDict(request, asked()), metadata=[("authorization", f"Bearer {token}")], timeout=30)
        return json_format.MessageToDict(answer, always_print_fields_with_no_presence=True)


class Person:
    """Somebody who is logged in."""

    def __init__(self, rest, id, name, session=None):
        self.rest, self.id, self.name, self.session = rest, id, name, session


class Story:
    """What the steps hand on to each other."""

    def __init__(self, address, grpc_address, command, environment, stack):
        self.address, self.grpc = address, Grpc(grpc_address)
        self.command, self.environment, self.stack = command, environment, stack
        self.phones = itertools.count(random.randrange(10_000_000_000 // 100) % 90_000_000)
        self.tenant = self.admin = self.team = self.links = None

    def anybody(self):
        return Rest(self.address)

    def socket(self, person, resume=None):
        socket = Socket(self.address, person.rest.token, resume)
        self.stack.callback(socket.close)
        return socket

    def staff(self, username, name, role, **more):
        """Makes a staff user, who logs in and changes the first password."""
        roles = {role["code"]: role["id"] for role in self.admin.get("/roles", size=100)["list"]}
        first, password = "first password 1", "second password 2"
        body = {"username": username, "name": name, "password": first, "roleIds": [roles[role]], **more}
        user = self.admin.post("/users", body)
        rest = self.anybody()
        rest.login(self.tenant, username, first)
        rest.put("/user/password", {"oldPassword": first, "newPassword": password})
        return Person(rest, user["id"], name)

    def code(self, phone, link):
        self.anybody().post("/auth/code", {"phone": phone, "purpose": "REGISTER", "linkToken": link})
        text = self.admin.get("/sent-messages", target=phone)["list"][0]["content"]
        return re.search(r"\b\d{6}\b|\d{6}", text).group()

    def register(self, name, link):
        """A customer fills in the form behind a link."""
        phone = f"138{next(self.phones):08}"
        form = {
            "linkToken": link, "name": name, "phone": phone, "code": self.code(phone, link),
            "institution": "朝阳区疾病预防控制中心", "position": "信息科科员", "emergencyPhone": "010-87654321",
            "problemType": self.anybody().get("/customers/verify-link", token=link)["problemTypes"][0],
            "question": f"{name}：系统登录后页面空白",
        }
        answer = self.anybody().post("/customers/register", form)
        rest = Rest(self.address, answer["login"]["accessToken"])
        person = Person(rest, answer["login"]["user"]["id"], name, answer["session"]["id"])
        person.opened = answer["session"]
        return person


def picture():
    """A PNG of one red dot."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")


def step1_the_administrator_sets_up(story):
    """1 管理员登录、改密码、建团队和两名客服、批量生成注册链接"""
    code = f"walk{random.randrange(1 << 32):08x}"
    made = subprocess.run(
        [story.command, "tenant", "create", "--code", code, "--name", "远行软件"],
        env=story.environment, capture_output=True, text=True, check=True,
    )
    first = next(json.loads(line) for line in made.stdout.splitlines() if '"password"' in line)
    story.tenant, story.admin = code, story.anybody()
    user = story.admin.login(code, first["username"], first["password"])
    check(user["mustChangePassword"], "the first password must be changed")
    refused = story.admin.get("/teams", expect=403)
    check(refused["reason"] == "PASSWORD_CHANGE_REQUIRED", "nothing else works before that", refused)
    story.admin.put("/user/password", {"oldPassword": first["password"], "newPassword": "管理员的新密码 2026"})
    check(story.admin.get("/user/info")["mustChangePassword"] is False, "now it does")

    story.wang = story.staff("wang", "王客服", "agent", maxSessions=3, skills=["系统使用"])
    story.li = story.staff("li", "李客服", "agent", maxSessions=3, skills=["系统使用", "数据上报"])
    team = story.admin.post("/teams", {"name": "疾控产品组", "description": "疾控系统的支持"})
    members = story.admin.post(f"/teams/{team['id']}/members", {"userIds": [story.wang.id, story.li.id]})
    story.team = team["id"]
    check({row["maxSessions"] for row in members["list"]} == {3} and members["total"] == 2, "two agents in the team")

    order = {"teamId": story.team, "count": 10, "expireHours": 48, "maxUses": 3, "label": "十一月回访"}
    links = story.admin.post("/customers/quick-register", order)["list"]
    story.links = [link["token"] for link in links]
    check(len(set(story.links)) == 10 and all(len(token) >= 22 for token in story.links), "ten different links")
    check(all(link["expireTime"] and link["token"] in link["url"] for link in links), "each with expiry and address")
    listed = story.admin.get("/register-links", teamId=story.team)["list"]
    check(not any(link["token"] or link["url"] for link in listed), "the list never shows the secrets again")


def step2_a_customer_arrives(story):
    """2 客户打开链接、收验证码、登记、排队，看着位置前移"""
    seen = story.anybody().get("/customers/verify-link", token=story.links[0])
    check(seen["teamName"] == "疾控产品组" and seen["tenantName"] == "远行软件", "the form shows company and team")
    story.anybody().get("/customers/verify-link", expect=404, token="no-such-link")

    before = story.register("赵先到", story.links[0])
    story.zhang = story.register("张医生", story.links[1])
    queue = story.zhang.opened["queue"]
    check(story.zhang.opened["status"] == "QUEUED" and queue["position"] == 2, "second in the queue", queue)
    check(queue["number"] and "waitMinSeconds" in queue, f"with number {queue['number']} and expected wait")

    story.screenshot = story.zhang.rest.upload(story.zhang.session, "截图.png", picture())
    check(story.screenshot["contentType"] == "image/png", "the screenshot is uploaded")
    check(story.zhang.rest.download(story.screenshot["id"]) == picture(), "and comes back byte for byte")

    story.phone = story.socket(story.zhang)
    before.rest.put(f"/sessions/{before.session}/close", {})
    moved = story.phone.expect("session_update", lambda s: s["id"] == story.zhang.session and s["queue"]["position"] == 1)
    check(moved["status"] == "QUEUED", "the position moves without asking")


def step3_an_agent_serves(story):
    """3 客服上线即分配；文字、图片、文件、输入中、回执、快捷回复、撤回、内部备注"""
    session = story.zhang.session
    story.desk = story.socket(story.wang)
    story.wang.rest.put("/agents/me/status", {"status": "ONLINE"})
    got = story.desk.expect("session_update", lambda s: s["id"] == session and s["status"] == "ACTIVE")
    check(got["agentId"] == story.wang.id, "assigned the moment the agent is online")
    note = story.desk.expect("notification")["notification"]
    check(note["type"] == "SESSION_ASSIGNED" and note["sessionId"] == session, "the agent is told")
    told = story.phone.expect("session_update", lambda s: s["status"] == "ACTIVE")
    check(told["agentName"] == "王客服", "the customer is told who")

    desk, phone = story.desk, story.phone
    desk.say(session, "您好，我是王客服。")
    phone.hear("您好，我是王客服。")
    phone.say(session, "页面一直是空白的 😢 <b>急</b>")
    check(desk.hear("页面一直是空白的 😢 <b>急</b>")["sender"]["kind"] == "CUSTOMER", "text, both ways")
    phone.say(session, "截图", contentType="IMAGE", fileId=story.screenshot["id"])
    image = desk.hear("截图")
    check(image["contentType"] == "IMAGE" and image["full"]["file"]["id"] == story.screenshot["id"], "an image")
    manual = story.wang.rest.upload(session, "操作手册.txt", "第一步：清除缓存".encode())
    desk.say(session, "手册", contentType="FILE", fileId=manual["id"])
    received = phone.hear("手册")["full"]["file"]
    content = story.zhang.rest.download(received["id"]).decode()
    check(received["name"] == "操作手册.txt" and content == "第一步：清除缓存", "a file")
    desk.send("typing", {"sessionId": session})
    check(phone.expect("typing")["sessionId"] == session, "the agent types")
    phone.send("typing", {"sessionId": session})
    check(desk.expect("typing")["sessionId"] == session, "the customer types")

    last = desk.say(session, "请清除缓存再试。")
    phone.hear("请清除缓存再试。")
    phone.send("message_ack", {"sessionId": session, "seq": last["seq"], "kind": "delivered"})
    desk.expect("session_update", lambda s: s["customerDeliveredSeq"] == last["seq"])
    phone.send("message_ack", {"messageId": last["messageId"], "sessionId": session, "kind": "read"})
    desk.expect("session_update", lambda s: s["customerReadSeq"] == last["seq"])
    check(True, "delivered and read marks")

    reply = {"shared": True, "shortcut": "qk", "category": "常用", "title": "清缓存", "content": "{{customer}}，请按 Ctrl+F5。"}
    story.admin.post("/quick-replies", reply)
    found = story.wang.rest.get("/quick-replies", keyword="qk")["list"]
    check(len(found) == 1, "the quick reply is found")
    text = found[0]["content"].replace("{{customer}}", story.zhang.name)
    desk.say(session, text)
    phone.hear(text)

    slip = desk.say(session, "发错了")
    phone.hear("发错了")
    story.wang.rest.post(f"/sessions/{session}/messages/{slip['messageId']}/recall")
    gone = phone.expect("message", lambda m: m["seq"] == slip["seq"] and m["recalled"])
    check(gone["content"] == "" and gone["full"]["content"] == "", "a recalled message is empty")

    story.wang.rest.post(f"/sessions/{session}/notes", {"content": SECRET, "clientNoteId": "n1"})
    check(story.wang.rest.get(f"/sessions/{session}/notes")["list"][0]["content"] == SECRET, "a private note")
    story.zhang.rest.get(f"/sessions/{session}/notes", expect=403)
    phone.settle()
    everything = [phone.seen, story.zhang.rest.get(f"/sessions/{session}"), history(story.zhang, session)]
    check(SECRET not in json.dumps(everything, ensure_ascii=False), "never reaches the customer")


def history(person, session):
    return person.rest.get(f"/sessions/{session}/messages", fromStart="true", size=100)["list"]


def step4_the_line_breaks(story):
    """4 客户断线：不丢、不重，按游标补齐"""
    session = story.zhang.session
    story.phone.settle()
    cursor = max(frame["data"]["seq"] for frame in story.phone.seen if frame["type"] == "message")
    cursor = max(cursor, story.zhang.rest.get(f"/sessions/{session}/messages")["head"])
    epoch = story.phone.hello["epoch"]
    story.phone.cut()
    missed = [f"断线期间 {n}" for n in range(1, 6)]
    for text in missed:
        story.desk.say(session, text)
    body = {"clientMsgId": "resent-after-the-break", "content": "我这边断线了"}
    first = story.zhang.rest.post(f"/sessions/{session}/messages", body)
    second = story.zhang.rest.post(f"/sessions/{session}/messages", {**body, "content": "别的内容"})
    check(first["duplicate"] is False and second["duplicate"] is True, "sending again is harmless")
    check(first["message"]["id"] == second["message"]["id"], "and gives the stored message")
    story.desk.hear("我这边断线了")

    story.phone = story.socket(story.zhang, {"epoch": epoch, "cursors": {session: cursor}, "notificationId": "0"})
    story.phone.expect("sync_done", lambda data: data["sessionId"] == session)
    story.phone.settle()
    # A recall of what was received before is told again, since nobody knows whether it arrived.
    frames = [frame["data"] for frame in story.phone.seen if frame["type"] == "message"]
    replayed = [message for message in frames if not message["recalled"]]
    check(all(m["seq"] <= cursor for m in frames if m["recalled"]), "recalls are of what was there before", frames)
    check([m["content"] for m in replayed] == [*missed, "我这边断线了"], "exactly what was missed, in order", replayed)
    check([m["seq"] for m in replayed] == list(range(cursor + 1, cursor + 7)), "each in its place")
    sides = [history(story.zhang, session), history(story.wang, session)]
    check([m["seq"] for m in sides[0]] == list(range(1, len(sides[0]) + 1)), "no holes and nothing twice")
    check([m["id"] for m in sides[0]] == [m["id"] for m in sides[1]], "both sides see the same history")
    method = "kefu.session.v1.SessionService/ListMessages"
    by_grpc = story.grpc.call(story.zhang.rest.token, method, id=session, fromStart=True, size=100)["list"]
    check([m["content"] for m in by_grpc] == [m["content"] for m in sides[0]], "gRPC, found by reflection, agrees")
    story.desk.settle()
    heard = [f["data"]["seq"] for f in story.desk.seen if f["type"] == "message" and not f["data"]["recalled"]]
    check(len(heard) == len(set(heard)), "the agent's list shows nothing twice")


def step5_the_session_moves_on(story):
    """5 转接：说明原因、拒绝、再转、接受；留有记录"""
    session = story.zhang.session
    story.desk2 = story.socket(story.li)
    story.li.rest.put("/agents/me/status", {"status": "ONLINE"})
    for reason, answer in (("需要数据上报的专家", "decline"), ("还是请您看一下", "accept")):
        asked = story.wang.rest.post(f"/sessions/{session}/transfer", {"agentId": story.li.id, "reason": reason})
        check(asked["agentId"] == story.wang.id and asked["transfer"]["toAgentId"] == story.li.id, f"asked: {reason}")
        told = story.desk2.expect("notification", lambda n: n["notification"]["type"] == "TRANSFER_REQUESTED")
        check(told["notification"]["sessionId"] == session, "the other agent is told")
        path = f"/sessions/{session}/transfer/{answer}"
        after = story.li.rest.post(path, {"reason": "正忙"} if answer == "decline" else {})
        outcome = "TRANSFER_DECLINED" if answer == "decline" else "TRANSFER_ACCEPTED"
        story.desk.expect("notification", lambda n: n["notification"]["type"] == outcome)
        check(after["agentId"] == (story.wang.id if answer == "decline" else story.li.id), outcome)
    story.phone.expect("session_update", lambda s: s["agentName"] == "李客服")
    story.desk2.say(session, "我是李客服，接着为您处理。")
    story.phone.hear("我是李客服，接着为您处理。")
    story.desk.settle()
    check("我是李客服" not in json.dumps(story.desk.unread, ensure_ascii=False), "the first agent hears no more")
    record = story.admin.get(f"/sessions/{session}/assignments")["list"]
    methods = [row["method"] for row in record]
    expected = ["AUTO", "TRANSFER_REQUESTED", "TRANSFER_DECLINED", "TRANSFER_REQUESTED", "TRANSFER"]
    check(methods == expected, "the record has every decision", methods)
    check(all(row["reason"] for row in record) and record[-1]["toAgentName"] == "李客服", "with its why")


def step6_the_end(story):
    """6 关闭、评价、进入待归档"""
    session = story.zhang.session
    story.li.rest.put(f"/sessions/{session}/close", {"summary": "浏览器缓存导致空白页"})
    closed = story.phone.expect("session_update", lambda s: s["status"] == "CLOSED")
    check(closed["closeReason"] == "BY_STAFF" and closed["summary"] == "", "closed; the summary stays inside")
    late = {"clientMsgId": "late", "content": "还在吗"}
    refused = story.zhang.rest.post(f"/sessions/{session}/messages", late, expect=409)
    check(refused["reason"] == "SESSION_CLOSED", "no more messages", refused)
    rating = {"score": 5, "tags": ["响应快", "专业"], "comment": "谢谢！"}
    rated = story.zhang.rest.post(f"/sessions/{session}/rating", rating)
    check(rated["rating"]["score"] == 5 and rated["rating"]["tags"] == rating["tags"], "rated")
    again = story.zhang.rest.post(f"/sessions/{session}/rating", rating, expect=409)
    check(again["reason"] == "ALREADY_RATED", "once only")
    waiting = story.admin.get("/customers/pending-archive", size=100)["list"]
    mine = [row for row in waiting if row["id"] == story.zhang.id]
    check(len(mine) == 1 and mine[0]["archiveStatus"] == "PENDING", "the customer waits for the archive")
    full = {"institution": "朝阳区疾病预防控制中心", "position": "信息科科员", "emergencyPhone": "010-87654321"}
    check({key: mine[0][key] for key in full} == full, "with what the form said")


def step7_the_supervisor_steers(story):
    """7 主管看队列和负载；分配、批量分配、接管、改派、插队"""
    chief = story.staff("zhou", "周主管", "supervisor", maxSessions=5)
    story.admin.post(f"/teams/{story.team}/members", {"userIds": [chief.id]})
    for agent in (story.wang, story.li):
        agent.rest.put("/agents/me/status", {"status": "BUSY"})
    waiting = [story.register(f"客户{n}", story.links[n + 2]) for n in range(5)]
    rest, ids = chief.rest, [person.session for person in waiting]
    listed = rest.get("/sessions/unassigned", teamId=story.team)["list"]
    check([row["id"] for row in listed] == ids, "the queue in its order")
    check(all(row["queue"]["waitReason"] for row in listed), f"and why: {listed[0]['queue']['waitReason']}")
    agents = story.grpc.call(rest.token, "kefu.session.v1.AgentService/ListAgents", teamId=story.team)["list"]
    loads = {row["name"]: (row["status"], row["activeSessions"], row["maxSessions"]) for row in agents}
    check(loads["王客服"] == ("BUSY", 0, 3) and loads["李客服"] == ("BUSY", 0, 3), "agents with state and load", loads)

    rest.post(f"/sessions/{ids[4]}/prioritize", {"urgent": True, "reason": "疫情上报"})
    order = [row["id"] for row in rest.get("/sessions/unassigned", teamId=story.team)["list"]]
    check(order == [ids[4], *ids[:4]], "the urgent one goes first")
    check(waiting[4].rest.get(f"/sessions/{ids[4]}")["queue"]["position"] == 1, "and knows it")

    given = story.grpc.call(
        rest.token, "kefu.session.v1.SessionService/AssignSession", id=ids[4], agentId=story.wang.id, reason="熟悉上报"
    )
    check(given["status"] == "ACTIVE" and given["agentId"] == story.wang.id, "assigned, over gRPC")
    batch = rest.post("/sessions/batch-assign", {"sessionIds": [ids[0], ids[1], ids[4]], "agentId": story.li.id})
    outcome = [(row["sessionId"], row["assigned"]) for row in batch["results"]]
    check(outcome == [(ids[0], True), (ids[1], True), (ids[4], False)] and batch["assigned"] == 2, "a batch", batch)
    check(batch["results"][2]["reason"] == "SESSION_STATE", "with the reason for the one that was taken")

    taken = rest.post(f"/sessions/{ids[2]}/take-over", {"reason": "重点客户"})
    check(taken["agentId"] == chief.id and taken["status"] == "ACTIVE", "taken over")
    moved = rest.post(f"/sessions/{ids[4]}/reassign", {"agentId": story.li.id, "reason": "王客服要开会"})
    check(moved["agentId"] == story.li.id, "reassigned")
    full = rest.post(f"/sessions/{ids[3]}/assign", {"agentId": story.li.id}, expect=409)
    check(full["reason"] == "AGENT_FULL", "nobody gets more than the maximum", full)
    back = rest.post(f"/sessions/{ids[4]}/reassign", {"reason": "回到队列"})
    check(back["status"] == "QUEUED" and back["agentId"] == "0", "and back to the queue")
    methods = [row["method"] for row in rest.get(f"/sessions/{ids[4]}/assignments")["list"]]
    check(methods[-3:] == ["MANUAL", "MANUAL", "REQUEUE"], "every step is on record", methods)


STEPS = [
    step1_the_administrator_sets_up, step2_a_customer_arrives, step3_an_agent_serves, step4_the_line_breaks,
    step5_the_session_moves_on, step6_the_end, step7_the_supervisor_steers,
]


def walk(database, server):
    """Walks all steps on one server, given as `http=…;grpc=…;data=…;url=…`."""
    parts = dict(part.split("=", 1) for part in server.split(";"))
    here = os.path.dirname(os.path.abspath(__file__))
    command = os.environ.get("KEFU_TEST_BIN") or os.path.join(here, "..", "target", "debug", "kefu")
    environment = {**os.environ, "KEFU_DATA_DIR": parts["data"], "KEFU_DATABASE_URL": parts["url"]}
    print(f"=== {database}")
    with ExitStack() as stack:
        story = Story(parts["http"], parts["grpc"], command, environment, stack)
        for step in STEPS:
            print(f"  {step.__doc__}")
            step(story)


def main():
    prefix = "KEFU_TEST_SERVER_"
    servers = {name[len(prefix):]: value for name, value in sorted(os.environ.items()) if name.startswith(prefix)}
    if not servers:
        print("no server: run through make test, or tests/with-databases tests/walk.py", file=sys.stderr)
        return 2
    for database, server in servers.items():
        try:
            walk(database.lower(), server)
        except (Mismatch, KeyError, IndexError, grpc.RpcError, subprocess.CalledProcessError) as error:
            print(f"    ✗ {type(error).__name__}: {error} {getattr(error, 'stderr', '') or ''}")
            return 1
    print("The story holds.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
